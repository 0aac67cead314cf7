// Packed shifts by a register's, a memory operand's or an immediate count.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// The immediate takes the source's place.
template <typename Op, typename Register>
Fault run_by_immediate(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    const u8 number = operation.operand[0];
    const u8 count = static_cast<u8>(operation.immediate);
    set_register(cpu.state, number, Op::by(get_register<Register>(cpu.state, number), count));
    return {};
}

template <typename Op>
Handler shift(const Instruction& instruction) {
    if (instruction.operands[1].kind != decoder::OperandKind::kImmediate)
        return packed<Op>(instruction);
    return is_mmx(instruction.operands[0]) ? &run_by_immediate<Op, u64>
                                           : &run_by_immediate<Op, XmmRegister>;
}

// PSLLDQ and PSRLDQ: the whole register by bytes.
struct ShiftBytesRight {
    static XmmRegister by(const XmmRegister& a, u8 count) {
        return AlignRight::apply(XmmRegister{}, a, count);
    }
};
struct ShiftBytesLeft {
    static XmmRegister by(const XmmRegister& a, u8 count) {
        constexpr u8 kAll = sizeof(XmmRegister);
        return count > kAll ? XmmRegister{}
                            : AlignRight::apply(a, XmmRegister{}, static_cast<u8>(kAll - count));
    }
};

}  // namespace

Handler bind_packed_shift(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case PSLLW: return shift<Shift<shift_left<u16>>>(instruction);
        case PSLLD: return shift<Shift<shift_left<u32>>>(instruction);
        case PSLLQ: return shift<Shift<shift_left<u64>>>(instruction);
        case PSRLW: return shift<Shift<shift_right<u16>>>(instruction);
        case PSRLD: return shift<Shift<shift_right<u32>>>(instruction);
        case PSRLQ: return shift<Shift<shift_right<u64>>>(instruction);
        case PSRAW: return shift<Shift<shift_right<s16>>>(instruction);
        case PSRAD: return shift<Shift<shift_right<s32>>>(instruction);
        case PSLLDQ: return &run_by_immediate<ShiftBytesLeft, XmmRegister>;
        case PSRLDQ: return &run_by_immediate<ShiftBytesRight, XmmRegister>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
