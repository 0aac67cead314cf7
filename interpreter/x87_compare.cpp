// x87 comparisons: FCOM, FUCOM, FICOM, FTST, FXAM, and FCOMI and FUCOMI, which set EFLAGS.
#include "interpreter/x87_recipe.h"

namespace seventeen::interpreter {

namespace {

constexpr u8 kHostFcom = 0xd1;   // D8 D1, with ST(1)
constexpr u8 kHostFucom = 0xe1;  // DD E1

constexpr Recipe ordered(u8 pops) {
    return {.host = {0xd8, kHostFcom, 2, 0},
            .conditions = kX87Conditions,
            .second = kStI,
            .pops = pops};
}
constexpr Recipe unordered(u8 pops) {
    return {.host = {0xdd, kHostFucom, 2, 0},
            .conditions = kX87Conditions,
            .second = kStI,
            .pops = pops};
}
constexpr Recipe with_memory(u8 escape, u8 pops) {
    return {.host = {escape, 2 << 3 | kHostMemoryOperand, 1, 0},
            .conditions = kX87Conditions,
            .pops = pops};
}
constexpr Recipe inspection(u8 modrm) {
    return {.host = {0xd9, modrm, 1, 0}, .conditions = kX87Conditions};
}

// FCOMI and FUCOMI: ZF, PF and CF are FCOM's C3, C2 and C0; OF, SF and AF are cleared. C1 keeps its
// value, as on the host (the SDM has it cleared).
template <HostOperation kHost, bool kPops>
Fault compare_to_flags(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    CpuState& state = cpu.state;
    const unsigned i = operation.modrm & kX87RegisterField;
    const u8 needed = static_cast<u8>(1u | 1u << i);
    u16 status;
    if ((stack_tags(state.fpu) & needed) == needed &&
        run_short<kHost>(state.fpu, {&state.fpu.st(0), &state.fpu.st(i), nullptr, nullptr, nullptr},
                         status)) [[likely]] {
        state.arithmetic.set(status >> 8 & (kFlagCf | kFlagPf | kFlagZf));
        if (kPops) pop(state.fpu);
        note_instruction(state, operation);
        return {};
    }
    // Whether or not the exception is masked, the host sets the flags (the SDM: only if it is).
    u8 flags = 0;
    run_whole(cpu, operation, nullptr, flags);
    state.arithmetic.set(flags);
    return {};
}

Handler bind_register_form(const decoder::Instruction& instruction) {
    constexpr HostOperation kOrdered{0xd8, kHostFcom, 2, 0};
    constexpr HostOperation kUnordered{0xdd, kHostFucom, 2, 0};
    // DC D0+i, DC D8+i and DE D0+i are undocumented doubles of FCOM and FCOMP.
    switch (instruction.opcode << 8 | (instruction.modrm & 0xf8)) {
        case 0xd8d0:
        case 0xdcd0: return on_stack<ordered(0)>;
        case 0xd8d8:
        case 0xdcd8:
        case 0xded0: return on_stack<ordered(1)>;
        case 0xded8: return on_stack<ordered(2)>;    // FCOMPP (DE D9 only)
        case 0xdde0: return on_stack<unordered(0)>;  // FUCOM
        case 0xdde8: return on_stack<unordered(1)>;  // FUCOMP
        case 0xdae8: return on_stack<unordered(2)>;  // FUCOMPP (DA E9 only)
        case 0xdbe8: return compare_to_flags<kUnordered, false>;
        case 0xdfe8: return compare_to_flags<kUnordered, true>;
        case 0xdbf0: return compare_to_flags<kOrdered, false>;
        case 0xdff0: return compare_to_flags<kOrdered, true>;
        default: break;
    }
    switch (instruction.opcode << 8 | instruction.modrm) {
        case 0xd9e4: return on_stack<inspection(0xe4)>;  // FTST
        case 0xd9e5: return on_stack<inspection(0xe5)>;  // FXAM
        default: return nullptr;
    }
}

template <u8 kPops>
Handler bind_memory_form(u8 escape) {
    switch (escape) {
        case 0xd8: return from_memory<u32, with_memory(0xd8, kPops)>;  // FCOM m32
        case 0xda: return from_memory<u32, with_memory(0xda, kPops)>;  // FICOM m32
        case 0xdc: return from_memory<u64, with_memory(0xdc, kPops)>;  // FCOM m64
        case 0xde: return from_memory<u16, with_memory(0xde, kPops)>;  // FICOM m16
        default: return nullptr;
    }
}

}  // namespace

Handler bind_x87_compare(const decoder::Instruction& instruction) {
    if (instruction.modrm >= 0xc0) return bind_register_form(instruction);
    switch (instruction.modrm >> 3 & 7) {
        case 2: return bind_memory_form<0>(instruction.opcode);
        case 3: return bind_memory_form<1>(instruction.opcode);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
