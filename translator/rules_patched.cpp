// Rules for instructions whose 32-bit immediate keeps being patched: it is read where it lies.
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

namespace {

asmjit::InstId host_instruction(Mnemonic mnemonic) {
    switch (mnemonic) {
        case Mnemonic::ADD: return x86::Inst::kIdAdd;
        case Mnemonic::OR: return x86::Inst::kIdOr;
        case Mnemonic::ADC: return x86::Inst::kIdAdc;
        case Mnemonic::SBB: return x86::Inst::kIdSbb;
        case Mnemonic::AND: return x86::Inst::kIdAnd;
        case Mnemonic::SUB: return x86::Inst::kIdSub;
        case Mnemonic::XOR: return x86::Inst::kIdXor;
        case Mnemonic::CMP: return x86::Inst::kIdCmp;
        case Mnemonic::MOV: return x86::Inst::kIdMov;
        default: return x86::Inst::kIdNone;
    }
}

}  // namespace

bool has_open_immediate(const Instruction& instruction) {
    return host_instruction(instruction.mnemonic) != x86::Inst::kIdNone &&
           instruction.operand_size == 4 && instruction.layout.immediate_size == 4 &&
           instruction.operands[0].kind == OperandKind::kRegister &&
           instruction.operands[1].kind == OperandKind::kImmediate;
}

void translate_open_immediate(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    Emitter::Assembler& out = emitter.out();
    prepare_flags(emitter);
    // SAFETY: guest memory that the block is translated from (LooseSource).
    out.mov(x86::r10, reinterpret_cast<u64>(emitter.open_immediate()));
    out.emit(host_instruction(instruction.mnemonic), Emitter::guest(instruction.operands[0]),
             x86::dword_ptr(x86::r10));
    settle_flags(emitter);
}

}  // namespace seventeen::translator
