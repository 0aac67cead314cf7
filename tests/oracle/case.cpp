// Assembles a case's code.
#include "tests/oracle/case.h"

#include <algorithm>

namespace seventeen::oracle {

namespace {

constexpr u8 kOperandSizePrefix = 0x66;
// JMP ptr16:32 to the exit: on the host it enters 64-bit mode, in the guest it only jumps.
constexpr std::array<u8, 7> kExitJump = {
    0xea,
    static_cast<u8>(kExit.base),
    static_cast<u8>(kExit.base >> 8),
    static_cast<u8>(kExit.base >> 16),
    static_cast<u8>(kExit.base >> 24),
    static_cast<u8>(kUserCode64),
    static_cast<u8>(kUserCode64 >> 8),
};

}  // namespace

void append_exit_jump(Bytes& code, decoder::CodeSize size) {
    if (size == decoder::CodeSize::k16) code.push_back(kOperandSizePrefix);
    code.insert(code.end(), kExitJump.begin(), kExitJump.end());
}

Bytes Case::code() const {
    Bytes all;
    for (const Bytes& instruction : instructions)
        all.insert(all.end(), instruction.begin(), instruction.end());
    append_exit_jump(all, code_size());
    return all;
}

Registers Case::start() const {
    Registers start = registers;
    start.eip = origin - segment_base(registers[SegmentName::kCs]);
    return start;
}

u32 Case::end() const {
    std::size_t address = origin;
    for (const Bytes& instruction : instructions) address += instruction.size();
    return static_cast<u32>(address);
}

bool contains_system_call(std::span<const u8> bytes) {
    constexpr std::array<std::array<u8, 2>, 4> kCalls = {
        {{0xcd, 0x80}, {0x0f, 0x05}, {0x0f, 0x34}, {0x0f, 0x07}}};
    return std::any_of(kCalls.begin(), kCalls.end(), [bytes](const auto& pair) {
        return std::search(bytes.begin(), bytes.end(), pair.begin(), pair.end()) != bytes.end();
    });
}

std::span<const u8> within_code_region(u32 address, std::span<const u8> bytes) {
    if (!kCode.contains(address)) return {};
    return bytes.first(std::min<std::size_t>(bytes.size(), kCode.end() - address));
}

void poke(std::span<u8, kMemorySize> memory, u32 address, const void* bytes, std::size_t size) {
    const u8* from = static_cast<const u8*>(bytes);
    for (u32 i = 0; i < size; ++i) {
        const u32 offset = image_offset(address + i);
        if (offset < kMemorySize) memory[offset] = from[i];
    }
}

}  // namespace seventeen::oracle
