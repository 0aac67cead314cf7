// x87 arithmetic: FADD to FDIVR in all forms, and FSQRT, FSCALE, FPREM, FRNDINT, FXTRACT, FABS,
// FCHS.
#include "interpreter/x87_recipe.h"

namespace seventeen::interpreter {

namespace {

// ModRM's middle field, in every escape: FADD FMUL FCOM FCOMP FSUB FSUBR FDIV FDIVR.
constexpr unsigned kFcom = 2;
constexpr unsigned kFcomp = 3;
constexpr bool is_arithmetic(unsigned field) {
    return field != kFcom && field != kFcomp;
}

// DC and DE swap FSUB with FSUBR and FDIV with FDIVR, so that they name the same difference with
// its destination at ST(i); on the host the destination is always ST(0).
constexpr u8 host_modrm(unsigned field, bool to_st_i) {
    return static_cast<u8>(0xc1 | (to_st_i && field >= 4 ? field ^ 1 : field) << 3);
}

constexpr Recipe onto_st0(unsigned field) {
    return {.host = {0xd8, host_modrm(field, false), 2, 1}, .second = kStI};
}
constexpr Recipe onto_st_i(unsigned field, u8 pops) {
    return {.host = {0xd8, host_modrm(field, true), 2, 1},
            .first = kStI,
            .second = 0,
            .result = kStI,
            .pops = pops};
}
constexpr Recipe with_memory(u8 escape, unsigned field) {
    return {.host = {escape, static_cast<u8>(field << 3 | kHostMemoryOperand), 1, 1}};
}

Handler bind_register_form(const decoder::Instruction& instruction) {
    return by_register_field(instruction, [&]<unsigned kField>() -> Handler {
        if constexpr (is_arithmetic(kField)) {
            switch (instruction.opcode) {
                case 0xd8: return on_stack<onto_st0(kField)>;
                case 0xdc: return on_stack<onto_st_i(kField, 0)>;
                case 0xde: return on_stack<onto_st_i(kField, 1)>;
                default: return nullptr;
            }
        }
        return nullptr;
    });
}

Handler bind_memory_form(const decoder::Instruction& instruction) {
    return by_register_field(instruction, [&]<unsigned kField>() -> Handler {
        if constexpr (is_arithmetic(kField)) {
            switch (instruction.opcode) {
                case 0xd8: return from_memory<u32, with_memory(0xd8, kField)>;
                case 0xda: return from_memory<u32, with_memory(0xda, kField)>;
                case 0xdc: return from_memory<u64, with_memory(0xdc, kField)>;
                case 0xde: return from_memory<u16, with_memory(0xde, kField)>;
                default: return nullptr;
            }
        }
        return nullptr;
    });
}

// ST(0) = f(ST(0)).
constexpr Recipe unary(u8 modrm) {
    return {.host = {0xd9, modrm, 1, 1}};
}
// ST(0) = f(ST(0), ST(1)).
constexpr Recipe binary(u8 modrm) {
    return {.host = {0xd9, modrm, 2, 1}};
}
// The significand is pushed over the exponent.
constexpr Recipe kExtract{
    .host = {0xd9, 0xf4, 1, 2}, .result = kStPushed, .second_result = 0, .pushes = true};

bool is_normal(const X87Register& value) {
    const u16 exponent = value.sign_exponent & 0x7fff;
    return exponent != 0 && exponent != 0x7fff && value.significand >> 63;
}

// FPREM and FPREM1: all condition codes tell of the quotient, but where there is none, the host
// keeps some of the old ones.
template <u8 kModrm>
Fault remainder(Cpu& cpu, const Operation& operation) {
    constexpr Recipe kRecipe{.host = {0xd9, kModrm, 2, 1}, .conditions = kX87Conditions};
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    if (is_normal(fpu.st(0)) && is_normal(fpu.st(1)) && follow<kRecipe>(fpu, 0, nullptr))
        note_instruction(cpu.state, operation);
    else
        run_whole(cpu, operation);
    return {};
}

// FABS and FCHS: the sign bit of anything that isn't empty, NaNs and unsupported formats too.
template <u16 kKeep, u16 kFlip>
Fault change_sign(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    if (stack_tags(fpu) & 1) [[likely]] {
        fpu.st(0).sign_exponent = (fpu.st(0).sign_exponent & kKeep) ^ kFlip;
        set_conditions(fpu, kX87C1, 0);
        note_instruction(cpu.state, operation);
    } else {
        run_whole(cpu, operation);
    }
    return {};
}

}  // namespace

Handler bind_x87_arithmetic(const decoder::Instruction& instruction) {
    if (instruction.modrm < 0xc0) return bind_memory_form(instruction);
    if (instruction.opcode != 0xd9) return bind_register_form(instruction);
    switch (instruction.modrm) {
        case 0xe0: return change_sign<0xffff, 0x8000>;  // FCHS
        case 0xe1: return change_sign<0x7fff, 0>;       // FABS
        case 0xf4: return on_stack<kExtract>;           // FXTRACT
        case 0xf5: return remainder<0xf5>;              // FPREM1
        case 0xf8: return remainder<0xf8>;              // FPREM
        case 0xfa: return on_stack<unary(0xfa)>;        // FSQRT
        case 0xfc: return on_stack<unary(0xfc)>;        // FRNDINT
        case 0xfd: return on_stack<binary(0xfd)>;       // FSCALE
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
