// The handler of every `destination = operation(destination, source)`, and how binders pick one.
//
// An operation is a type with `apply(destination, source)`; a third parameter of type u8 receives
// the immediate, one of type XmmRegister receives XMM0 (the variable blends).
#pragma once

#include "interpreter/sse_operands.h"

namespace seventeen::interpreter {

template <typename Op, typename Register>
Register apply_packed(const CpuState& state, const Operation& operation, const Register& source) {
    const Register destination = get_register<Register>(state, operation.operand[0]);
    if constexpr (requires(u8 immediate) { Op::apply(destination, source, immediate); })
        return Op::apply(destination, source, static_cast<u8>(operation.immediate));
    else if constexpr (requires { Op::apply(destination, source, state.fpu.xmm[0]); })
        return Op::apply(destination, source, state.fpu.xmm[0]);
    else
        return Op::apply(destination, source);
}

template <typename Op, typename Register, typename Source>
Fault run_packed(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    Register source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    set_register(cpu.state, operation.operand[0],
                 apply_packed<Op, Register>(cpu.state, operation, source));
    return {};
}

// Operations that only one kind of register has; `Memory` says how a source in memory is read.
template <typename Op, typename Memory = FromMemory<u64>>
Handler packed_mmx(const decoder::Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_packed<Op, u64, Memory>
                                              : &run_packed<Op, u64, FromRegister<u64>>;
}
template <typename Op, typename Memory = FromAlignedMemory>
Handler packed_xmm(const decoder::Instruction& instruction) {
    return is_memory(instruction.operands[1])
               ? &run_packed<Op, XmmRegister, Memory>
               : &run_packed<Op, XmmRegister, FromRegister<XmmRegister>>;
}
// Operations that both have, under one mnemonic.
template <typename Op, typename MmxMemory = FromMemory<u64>>
Handler packed(const decoder::Instruction& instruction) {
    return is_mmx(instruction.operands[0]) ? packed_mmx<Op, MmxMemory>(instruction)
                                           : packed_xmm<Op>(instruction);
}

// --- the binders of instructions by what they do; nullptr where the instruction is not theirs ---
Handler bind_packed_integer(const decoder::Instruction& instruction);
Handler bind_packed_shift(const decoder::Instruction& instruction);
Handler bind_sse_shuffle(const decoder::Instruction& instruction);
Handler bind_sse_extract(const decoder::Instruction& instruction);
Handler bind_sse_move(const decoder::Instruction& instruction);
Handler bind_sse_arithmetic(const decoder::Instruction& instruction);
Handler bind_sse_compare(const decoder::Instruction& instruction);
Handler bind_sse_convert(const decoder::Instruction& instruction);
Handler bind_sse_round(const decoder::Instruction& instruction);
Handler bind_sse_string_compare(const decoder::Instruction& instruction);
Handler bind_sse_crc32(const decoder::Instruction& instruction);
Handler bind_fxsave(const decoder::Instruction& instruction);

}  // namespace seventeen::interpreter
