// x87 state in memory: FNSTENV and FLDENV, FNSAVE and FRSTOR, in their four formats.
//
// The environment is seven words of 16 or 32 bits, the operand size (SDM 1 figures 8-9 to 8-12):
// control, status and tag word, then four that hold the two pointers. Protected mode has them as
// selector and offset, real and virtual-8086 mode as linear addresses. FNSAVE and FRSTOR add the
// registers in stack order. Unused upper halves are stored as ones, as the host does.
#include <array>

#include "interpreter/x87.h"

namespace seventeen::interpreter {

namespace {

template <typename Word>
using Environment = std::array<Word, 7>;
enum EnvironmentWord { kControl, kStatus, kTags, kIp, kIpHigh, kDp, kDpHigh };

constexpr u16 kOpcodeMask = 0x7ff;
constexpr unsigned kLinearHighShift = 12;  // where real-mode formats keep bits 16 up

// --- tags ---

enum Tag : u16 { kTagValid, kTagZero, kTagSpecial, kTagEmpty };

Tag tag_of(const X87Register& value) {
    const u16 exponent = value.sign_exponent & 0x7fff;
    if (exponent == 0) return value.significand == 0 ? kTagZero : kTagSpecial;
    const bool normal = exponent != 0x7fff && value.significand >> 63;
    return normal ? kTagValid : kTagSpecial;
}

u16 tag_word(const FpuState& fpu) {
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const Tag tag = fpu.valid >> i & 1 ? tag_of(fpu.registers[i]) : kTagEmpty;
        tags |= unsigned{tag} << (2 * i);
    }
    return static_cast<u16>(tags);
}

u8 valid_from_tags(unsigned tags) {
    unsigned valid = 0;
    for (unsigned i = 0; i < 8; ++i) valid |= unsigned{(tags >> (2 * i) & 3) != kTagEmpty} << i;
    return static_cast<u8>(valid);
}

// --- the environment as words ---

// `value` under upper bits of ones, where there are any.
template <typename Word>
Word filled(u16 value) {
    return static_cast<Word>(0xffff'0000u | value);
}

template <typename Word>
Environment<Word> environment_of(const CpuState& state) {
    const FpuState& fpu = state.fpu;
    Environment<Word> words;
    words[kControl] = filled<Word>(fpu.control);
    words[kStatus] = filled<Word>(fpu.status);
    words[kTags] = filled<Word>(tag_word(fpu));
    if (state.real_or_v86()) {
        const u32 ip = (u32{fpu.instruction_selector} << 4) + fpu.instruction_pointer;
        const u32 dp = (u32{fpu.data_selector} << 4) + fpu.data_pointer;
        words[kIp] = filled<Word>(static_cast<u16>(ip));
        words[kIpHigh] = static_cast<Word>(ip >> 16 << kLinearHighShift | fpu.opcode);
        words[kDp] = filled<Word>(static_cast<u16>(dp));
        words[kDpHigh] = static_cast<Word>(dp >> 16 << kLinearHighShift);
    } else {
        words[kIp] = static_cast<Word>(fpu.instruction_pointer);
        words[kIpHigh] = static_cast<Word>(u32{fpu.opcode} << 16 | fpu.instruction_selector);
        words[kDp] = static_cast<Word>(fpu.data_pointer);
        words[kDpHigh] = filled<Word>(fpu.data_selector);
    }
    return words;
}

template <typename Word>
void set_environment(CpuState& state, const Environment<Word>& words) {
    FpuState& fpu = state.fpu;
    constexpr u16 kSummary = kX87ErrorSummary | kX87Busy;
    fpu.status = static_cast<u16>(words[kStatus]) & static_cast<u16>(~kSummary);
    set_control(fpu, static_cast<u16>(words[kControl]));
    fpu.valid = valid_from_tags(words[kTags]);
    if (state.real_or_v86()) {
        const auto linear = [](Word low, Word high) {
            return u32{high} >> kLinearHighShift << 16 | (u32{low} & 0xffff);
        };
        fpu.instruction_pointer = linear(words[kIp], words[kIpHigh]);
        fpu.instruction_selector = 0;
        fpu.opcode = static_cast<u16>(words[kIpHigh] & kOpcodeMask);
        fpu.data_pointer = linear(words[kDp], words[kDpHigh]);
        fpu.data_selector = 0;
    } else {
        fpu.instruction_pointer = words[kIp];
        fpu.instruction_selector = static_cast<u16>(words[kIpHigh]);
        // The 16-bit format has no opcode; the host clears it then.
        fpu.opcode = static_cast<u16>(u32{words[kIpHigh]} >> 16 & kOpcodeMask);
        fpu.data_pointer = words[kDp];
        fpu.data_selector = static_cast<u16>(words[kDpHigh]);
    }
}

// --- the eight registers ---

constexpr unsigned kRegisterBytes = 10;
// Half of them: what one memory access moves. No alignment is asked of it (SDM 3A table 6-7 asks
// that of the environment, word by word).
using FourRegisters = std::array<u8, 4 * kRegisterBytes>;

FourRegisters pack(const FpuState& fpu, unsigned first) {
    FourRegisters bytes;
    for (unsigned i = 0; i < 4; ++i) {
        const ExtendedReal value{fpu.st(first + i).significand, fpu.st(first + i).sign_exponent};
        std::memcpy(&bytes[i * kRegisterBytes], &value, kRegisterBytes);
    }
    return bytes;
}

void unpack(FpuState& fpu, unsigned first, const FourRegisters& bytes) {
    for (unsigned i = 0; i < 4; ++i) {
        ExtendedReal value;
        std::memcpy(&value, &bytes[i * kRegisterBytes], kRegisterBytes);
        fpu.st(first + i) = {value.significand, value.sign_exponent};
    }
}

// --- instructions ---

// Where the image lies. The host touches its first word, then its last byte (whose offset wraps as
// addresses do), then the rest: CR2 shows it.
struct Place {
    u32 first;
    u32 last;
};

Place place_of(const Cpu& cpu, const Operation& operation, std::size_t size) {
    const u32 first = effective_address(cpu.state, operation);
    return {first, (first + static_cast<u32>(size) - 1) & operation.address_mask};
}

template <typename Word>
Fault write_environment(Cpu& cpu, SegmentName segment, Place place, unsigned size) {
    // All of it, before any: a fault must leave memory as it was.
    if (Fault fault = cpu.memory.probe_write(segment, place.first, sizeof(Word))) return fault;
    if (Fault fault = cpu.memory.probe_write(segment, place.last, 1)) return fault;
    if (Fault fault = cpu.memory.probe_write(segment, place.first, size)) return fault;
    u32 address = place.first;
    for (const Word word : environment_of<Word>(cpu.state)) {
        if (Fault fault = cpu.memory.write(segment, address, word)) return fault;
        address += sizeof word;
    }
    return {};
}

template <typename Word>
Fault read_environment(Cpu& cpu, SegmentName segment, Place place, Environment<Word>& words) {
    u8 last;
    if (Fault fault = cpu.memory.read(segment, place.first, words[0])) return fault;
    if (Fault fault = cpu.memory.read(segment, place.last, last)) return fault;
    u32 address = place.first;
    for (Word& word : words) {
        if (Fault fault = cpu.memory.read(segment, address, word)) return fault;
        address += sizeof word;
    }
    return {};
}

// FNSTENV masks all exceptions once it has stored the control word.
template <typename Word>
Fault store_environment(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    constexpr unsigned kSize = sizeof(Environment<Word>);
    const Place place = place_of(cpu, operation, kSize);
    if (Fault fault = write_environment<Word>(cpu, operation.segment, place, kSize)) return fault;
    set_control(cpu.state.fpu, cpu.state.fpu.control | kX87Exceptions);
    return finish_control(cpu);
}

template <typename Word>
Fault load_environment(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    Environment<Word> words;
    const Place place = place_of(cpu, operation, sizeof words);
    if (Fault fault = read_environment<Word>(cpu, operation.segment, place, words)) return fault;
    set_environment<Word>(cpu.state, words);
    return finish_control(cpu);
}

// FNSAVE leaves what FNINIT leaves.
template <typename Word>
Fault save(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    FpuState& fpu = cpu.state.fpu;
    constexpr unsigned kSize = sizeof(Environment<Word>) + 2 * sizeof(FourRegisters);
    const Place place = place_of(cpu, operation, kSize);
    if (Fault fault = write_environment<Word>(cpu, operation.segment, place, kSize)) return fault;
    u32 address = place.first + static_cast<u32>(sizeof(Environment<Word>));
    for (const unsigned first : {0u, 4u}) {
        if (Fault fault = cpu.memory.write(operation.segment, address, pack(fpu, first)))
            return fault;
        address += sizeof(FourRegisters);
    }
    initialize_x87(fpu);
    return finish_control(cpu);
}

template <typename Word>
Fault restore(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    Environment<Word> words;
    std::array<FourRegisters, 2> registers;
    const Place place = place_of(cpu, operation, sizeof words + sizeof registers);
    if (Fault fault = read_environment<Word>(cpu, operation.segment, place, words)) return fault;
    u32 address = place.first + static_cast<u32>(sizeof words);
    for (FourRegisters& four : registers) {
        if (Fault fault = cpu.memory.read(operation.segment, address, four)) return fault;
        address += sizeof four;
    }
    set_environment<Word>(cpu.state, words);
    unpack(cpu.state.fpu, 0, registers[0]);
    unpack(cpu.state.fpu, 4, registers[1]);
    return finish_control(cpu);
}

template <typename Word>
Handler bind_format(const decoder::Instruction& instruction) {
    switch (instruction.opcode << 4 | (instruction.modrm >> 3 & 7)) {
        case 0xd94: return load_environment<Word>;
        case 0xd96: return store_environment<Word>;
        case 0xdd4: return restore<Word>;
        case 0xdd6: return save<Word>;
        default: return nullptr;
    }
}

}  // namespace

Handler bind_x87_environment(const decoder::Instruction& instruction) {
    if (instruction.modrm >= 0xc0) return nullptr;
    return instruction.operand_size == 2 ? bind_format<u16>(instruction)
                                         : bind_format<u32>(instruction);
}

}  // namespace seventeen::interpreter
