// Rules for moves, LEA, CMOVcc, SETcc and what does nothing.
#include "translator/rules.h"
#include "translator/stack_pointer.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

namespace {

bool translate_lea(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    if (moves_stack_pointer(instruction)) {
        emitter.fold_stack_pointer(static_cast<s32>(instruction.memory.displacement));
        return true;
    }
    if (instruction.address_size == 4) {
        emitter.copy(MemoryForm::kAddress);
        return true;
    }
    emitter.effective_address();
    const decoder::Operand& to = instruction.operands[0];
    if (to.size == 2)
        emitter.out().mov(Emitter::guest(to), x86::r8w);
    else
        emitter.out().mov(Emitter::guest(to), x86::r8d);
    return true;
}

// MOV of AH, CH, DH or BH where memory is reached by way of a new register, whose name can't be in
// one instruction with theirs.
bool move_high_byte(Emitter& emitter, Access access) {
    const Instruction& instruction = emitter.instruction();
    const bool stores = access == Access::kWrite;
    const decoder::Operand& operand = instruction.operands[stores ? 1 : 0];
    if (instruction.mnemonic != Mnemonic::MOV || operand.size != 1 ||
        Emitter::has_low_name(operand))
        return false;
    Emitter::Assembler& out = emitter.out();
    const unsigned number = operand.number % 4u;
    const x86::Gp low = x86::gpb_lo(number);
    const x86::Gp high = x86::gpb_hi(number);
    const x86::Mem place = emitter.memory_operand(access, 1);
    if (!stores) {
        emitter.touch();
        out.movzx(x86::r10d, place);
    }
    out.xchg(low, high);
    stores ? out.mov(x86::r10b, low) : out.mov(low, x86::r10b);
    out.xchg(low, high);
    if (stores) {
        emitter.touch();
        out.mov(place, x86::r10b);
    }
    return true;
}

bool translate_move(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    if (emitter.from_stack_pointer(0) != 0 && copies_stack_pointer(instruction)) {
        emitter.out().lea(Emitter::guest(instruction.operands[0]),
                          x86::ptr(x86::r12, emitter.from_stack_pointer(0)));
        return true;
    }
    const bool stores = instruction.operands[0].kind == OperandKind::kMemory;
    const Access access = stores ? Access::kWrite : Access::kRead;
    return translate_by_copy(emitter, access) || move_high_byte(emitter, access);
}

}  // namespace

bool translate_data_movement(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    switch (instruction.mnemonic) {
        case Mnemonic::LEA: return translate_lea(emitter);
        case Mnemonic::NOP:
        case Mnemonic::PAUSE:
        case Mnemonic::LFENCE:  // accesses happen in program order anyway
        case Mnemonic::SFENCE:
        case Mnemonic::MFENCE:
        case Mnemonic::PREFETCHNTA:
        case Mnemonic::PREFETCHT0:
        case Mnemonic::PREFETCHT1:
        case Mnemonic::PREFETCHT2: return true;
        case Mnemonic::XLAT:
        case Mnemonic::MOVBE:
        case Mnemonic::CLFLUSH: return false;
        case Mnemonic::BSWAP:  // of 16 bits: undefined
            return instruction.operand_size == 4 && translate_by_copy(emitter, Access::kRead);
        case Mnemonic::XCHG: return translate_by_copy(emitter, Access::kModify);
        default: return translate_move(emitter);
    }
}

}  // namespace seventeen::translator
