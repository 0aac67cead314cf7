// Rules for arithmetic, logic, shifts, multiplication and bits: copied, one and all.
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
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
    const MemoryForm form = emitter.operand_form(Access::kRead);
    if (copy_instruction(instruction, form).size == 0) return false;
    emitter.operand_for_copy(Access::kRead, instruction.operands[0].size);
    emitter.flags_to_host();
    emitter.may_fault();
    emitter.copy(form);
    return true;
}

namespace {

void emit_bit_operation(Emitter& emitter, const x86::Gp& value, const x86::Gp& number) {
    Emitter::Assembler& out = emitter.out();
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::BT: out.bt(value, number); break;
        case Mnemonic::BTS: out.bts(value, number); break;
        case Mnemonic::BTR: out.btr(value, number); break;
        default: out.btc(value, number); break;
    }
}

// A bit number in a register reaches beyond its memory operand, at 32 bits a step.
bool translate_bit_string(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    if (instruction.operand_size != 4 || instruction.address_size != 4) return false;
    const bool reads = instruction.mnemonic == Mnemonic::BT;
    const Access access = reads ? Access::kRead : Access::kModify;
    const x86::Gp number = Emitter::guest(instruction.operands[1]);
    Emitter::Assembler& out = emitter.out();
    emitter.flags_to_saved();
    emitter.effective_address();
    out.mov(x86::r10d, number);
    out.sar(x86::r10d, 5);
    out.lea(x86::r8d, x86::ptr(x86::r8, x86::r10, 2));
    emitter.apply_segment(instruction.memory.segment, access, 4);
    const x86::Mem place = emitter.locate(access, 4);
    emitter.touch();
    out.mov(x86::r10d, place);
    if (!reads && emitter.windowed(access)) {  // may it be written? CF must not change before that
        emitter.touch();
        out.mov(place, x86::r10d);
    }
    out.mov(emitter.context(offsetof(Context, scratch), 4), x86::r10d);
    emitter.flags_to_host();  // uses r10
    out.mov(x86::r10d, emitter.context(offsetof(Context, scratch), 4));
    emit_bit_operation(emitter, x86::r10d, number);
    if (!reads) {
        emitter.touch();
        out.mov(place, x86::r10d);
    }
    emitter.flags_are_in_host();
    return true;
}

}  // namespace

bool translate_bit_manipulation(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const bool in_memory = instruction.operands[0].kind == OperandKind::kMemory;
    if (in_memory && instruction.operands[1].kind == OperandKind::kRegister)
        return translate_bit_string(emitter);
    const bool modifies = in_memory && instruction.mnemonic != Mnemonic::BT;
    return translate_by_copy(emitter, modifies ? Access::kModify : Access::kRead);
}

}  // namespace seventeen::translator
