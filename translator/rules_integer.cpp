// Rules for arithmetic, logic, shifts, multiplication and bits: copied, one and all.
#include "translator/rules.h"

namespace seventeen::translator {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

bool translate_integer_alu(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Mnemonic mnemonic = instruction.mnemonic;
    const bool only_reads = mnemonic == Mnemonic::CMP || mnemonic == Mnemonic::TEST ||
                            instruction.operands[0].kind != OperandKind::kMemory;
    return translate_by_copy(emitter, only_reads ? Access::kRead : Access::kModify);
}

// A 16-bit double shift by more than 16 is undefined and differs between processors.
bool translate_shift(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const bool is_double =
        instruction.mnemonic == Mnemonic::SHLD || instruction.mnemonic == Mnemonic::SHRD;
    if (is_double && instruction.operand_size == 2) return false;
    return translate_by_copy(emitter, Access::kModify);
}

// A division that fails raises SIGFPE, and the interpreter raises #DE.
bool translate_multiply_divide(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    if (instruction.mnemonic != Mnemonic::DIV && instruction.mnemonic != Mnemonic::IDIV)
        return translate_by_copy(emitter, Access::kRead);
    const MemoryForm form = emitter.operand_form();
    if (copy_instruction(instruction, form).size == 0) return false;
    emitter.operand_for_copy(Access::kRead, instruction.operands[0].size);
    emitter.flags_to_host();
    emitter.may_fault();
    emitter.copy(form);
    return true;
}

// A bit number in a register reaches beyond its memory operand.
bool translate_bit_manipulation(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const bool in_memory = instruction.operands[0].kind == OperandKind::kMemory;
    if (in_memory && instruction.operands[1].kind == OperandKind::kRegister) return false;
    const bool modifies = in_memory && instruction.mnemonic != Mnemonic::BT;
    return translate_by_copy(emitter, modifies ? Access::kModify : Access::kRead);
}

}  // namespace seventeen::translator
