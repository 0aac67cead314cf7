// Sets a CPU up as captured, runs one instruction and compares everything it left.
#include "tests/cpu286/captured_cpu.h"

#include <algorithm>
#include <map>

#include "core/text.h"
#include "decoder/decoder.h"
#include "decoder/properties.h"

namespace seventeen::cpu286 {

namespace {

constexpr u64 kMemory = 16u << 20;
constexpr u8 kGeneralProtection = 13;
constexpr u32 kVectors = 4 * 12;        // of the stack fault, then of general protection
constexpr u16 kComparedFlags = 0x0fff;  // bits 12..15 differ between a 286 and later CPUs
constexpr const char* kNames[kRegisters] = {"AX", "BX", "CX", "DX", "CS", "SS", "DS",
                                            "ES", "SP", "BP", "SI", "DI", "IP", "FLAGS"};

struct Place {
    Register name;
    Gpr gpr;
};
constexpr Place kGeneral[] = {{Register::kAx, Gpr::kAx}, {Register::kBx, Gpr::kBx},
                              {Register::kCx, Gpr::kCx}, {Register::kDx, Gpr::kDx},
                              {Register::kSp, Gpr::kSp}, {Register::kBp, Gpr::kBp},
                              {Register::kSi, Gpr::kSi}, {Register::kDi, Gpr::kDi}};

struct SegmentPlace {
    Register name;
    SegmentName segment;
};
constexpr SegmentPlace kSegments[] = {{Register::kCs, SegmentName::kCs},
                                      {Register::kSs, SegmentName::kSs},
                                      {Register::kDs, SegmentName::kDs},
                                      {Register::kEs, SegmentName::kEs}};

decoder::Instruction decoded(const MooTest& test) {
    decoder::Instruction instruction;
    (void)decoder::Decoder().decode(test.bytes, decoder::CodeSize::k16, instruction);
    return instruction;
}

}  // namespace

CapturedCpu::CapturedCpu()
    : ports_("port", 0x10000),
      mmio_("memory", u64{1} << 36),
      scheduler_(state_.retired, state_.attention),
      memory_(kMemory, mmio_),
      mmu_(state_, memory_),
      privilege_(state_, mmu_, privilege::cpu_model("486"),
                 {.ports = ports_, .scheduler = scheduler_, .interrupts = *this}),
      interpreter_(state_, mmu_, privilege_) {
    memory_.map_ram({0}, kMemory, 0);
    memory_.add_observer(mmu::Guard::kDirty, *this);
    for (u64 page = 0; page < kMemory; page += kPageSize)
        memory_.set_guard(mmu::Guard::kDirty, {page});
}

void CapturedCpu::guarded_write(PhysicalAddress address, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) written_.push_back(static_cast<u32>(address.value + i));
}

std::string CapturedCpu::run(const MooTest& test) {
    prepare(test);
    execute(test);
    std::string differences = compare_registers(test) + compare_memory(test);
    for (const Byte& byte : test.memory_before) memory_.write<u8>({byte.address}, 0);
    memory_.write<u64>({kVectors}, 0);
    return differences;
}

void CapturedCpu::prepare(const MooTest& test) {
    state_ = reset_state();
    for (const Place& place : kGeneral) state_.set_reg32(place.gpr, *test.before[place.name]);
    for (const SegmentPlace& place : kSegments)
        privilege_.load_real_segment(place.segment, *test.before[place.name]);
    state_.rip = *test.before[Register::kIp];
    // Later CPUs read bits 12..14 as written: keep them clear, as FLAGS is compared without them.
    state_.set_eflags(*test.before[Register::kFlags] & kComparedFlags);
    mmu_.flush_all();
    for (const Byte& byte : test.memory_before) memory_.write<u8>({byte.address}, byte.value);
    if (test.exception == kGeneralProtection) share_vector();
    written_.clear();
}

// A 286 in real mode reports a word that wraps in the stack segment by vector 13 too; later CPUs
// report vector 12 (SDM 3A 20.2.6): let both lead to the same handler and all else must agree.
void CapturedCpu::share_vector() {
    memory_.write<u32>({kVectors}, memory_.read<u32>({kVectors + 4}));
}

// One instruction: a repeated one runs until EIP leaves it.
void CapturedCpu::execute(const MooTest& test) {
    const bool repeated = decoder::is_repeated_string(decoded(test));
    const u64 start = state_.rip;
    do {
        const u64 retired = state_.retired;
        while (state_.retired == retired && state_.activity == Activity::kRunning)
            interpreter_.step();
    } while (repeated && state_.rip == start && state_.reg32(Gpr::kCx) != 0);
}

u16 CapturedCpu::reg(Register r) const {
    for (const Place& place : kGeneral)
        if (place.name == r) return static_cast<u16>(state_.reg32(place.gpr));
    for (const SegmentPlace& place : kSegments)
        if (place.name == r) return state_.segment(place.segment).selector;
    // The capture ends past a HLT that stands behind the instruction, wherever that is.
    if (r == Register::kIp)
        return static_cast<u16>(state_.rip + (state_.activity == Activity::kRunning ? 1 : 0));
    return static_cast<u16>(state_.eflags());
}

u16 CapturedCpu::undefined_flags(const MooTest& test) const {
    return static_cast<u16>(decoder::flag_use(decoded(test)).undefined);
}

std::string CapturedCpu::compare_registers(const MooTest& test) const {
    std::string differences;
    for (unsigned i = 0; i < kRegisters; ++i) {
        const auto r = static_cast<Register>(i);
        u16 mask = test.masks[i];
        if (r == Register::kFlags) mask &= kComparedFlags & ~undefined_flags(test);
        const u16 expected = test.after.value[i].value_or(*test.before.value[i]);
        if ((reg(r) & mask) != (expected & mask))
            differences +=
                std::string(" ") + kNames[i] + " " + hex(reg(r)) + " not " + hex(expected);
    }
    return differences;
}

// Bytes that the CPU wrote and the capture does not list must be as they were.
std::string CapturedCpu::compare_memory(const MooTest& test) {
    std::map<u32, u8> expected;
    for (u32 address : written_) expected[address] = 0;
    for (const Byte& byte : test.memory_before) expected[byte.address] = byte.value;
    for (const Byte& byte : test.memory_after) expected[byte.address] = byte.value;
    std::string differences;
    const u32 pushed_flags = 16u * reg(Register::kSs) + ((reg(Register::kSp) + 4u) & 0xffff);
    for (const auto& [address, value] : expected) {
        u8 mask = 0xff;
        if (test.exception && (address == pushed_flags || address == pushed_flags + 1)) {
            const u16 flags = kComparedFlags & static_cast<u16>(~undefined_flags(test));
            mask = static_cast<u8>(address == pushed_flags ? flags : flags >> 8);
        }
        const u8 actual = memory_.read<u8>({address});
        if ((actual & mask) != (value & mask))
            differences += " [" + hex(address) + "] " + hex(actual) + " not " + hex(value);
    }
    for (const auto& [address, value] : expected) memory_.write<u8>({address}, 0);
    return differences;
}

}  // namespace seventeen::cpu286
