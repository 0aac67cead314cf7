// The emitter's part in keeping the x87's pointers.
#include "translator/x87_note.h"

#include <bit>

#include "translator/emitter.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Family;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::Operand;
using decoder::RegisterClass;

namespace {

// Of general registers, it changes its first operand at most.
bool changes_first_operand_only(const Instruction& instruction) {
    const Mnemonic mnemonic = instruction.mnemonic;
    switch (instruction.row().family) {
        case Family::kIntegerAlu:
            return mnemonic != Mnemonic::XADD && mnemonic != Mnemonic::CMPXCHG &&
                   mnemonic != Mnemonic::CMPXCHG8B;
        case Family::kDataMovement:
            return mnemonic == Mnemonic::MOV || mnemonic == Mnemonic::MOVZX ||
                   mnemonic == Mnemonic::MOVSX || mnemonic == Mnemonic::LEA;
        case Family::kControlFlow: return mnemonic >= Mnemonic::JO && mnemonic <= Mnemonic::JNLE;
        case Family::kShift:
        case Family::kX87:
        case Family::kMmx:
        case Family::kSse:
        case Family::kSse2:
        case Family::kSse3: return true;
        default: return false;
    }
}

// What it adds to its first operand, a 32-bit register.
std::optional<u32> added_constant(const Instruction& instruction) {
    const Operand& to = instruction.operands[0];
    if (to.register_class != RegisterClass::kGpr32) return {};
    const decoder::MemoryOperand& memory = instruction.memory;
    switch (instruction.mnemonic) {
        case Mnemonic::INC: return 1;
        case Mnemonic::DEC: return ~u32{0};
        case Mnemonic::ADD:
            if (instruction.operands[1].kind != decoder::OperandKind::kImmediate) return {};
            return static_cast<u32>(instruction.immediate);
        case Mnemonic::SUB:
            if (instruction.operands[1].kind != decoder::OperandKind::kImmediate) return {};
            return -static_cast<u32>(instruction.immediate);
        case Mnemonic::LEA:
            if (instruction.address_size != 4 || memory.base != to.number || memory.index != kNoGpr)
                return {};
            return static_cast<u32>(memory.displacement);
        default: return {};
    }
}

}  // namespace

std::optional<u32> added_to_address(const Instruction& instruction,
                                    const decoder::MemoryOperand& memory) {
    std::optional<u32> added = added_constant(instruction);
    if (!added) return {};
    const u8 changed = instruction.operands[0].number;
    const u32 base = memory.base == changed ? *added : 0;
    const u32 index = memory.index == changed ? *added << memory.scale : 0;
    return base + index;
}

bool may_change_address(const Instruction& instruction, const decoder::MemoryOperand& memory) {
    if (instruction.mnemonic == Mnemonic::CMP || instruction.mnemonic == Mnemonic::TEST)
        return false;
    if (!changes_first_operand_only(instruction)) return true;
    const Operand& operand = instruction.operands[0];
    switch (operand.register_class) {
        case RegisterClass::kGpr8:
            return operand.number % 4 == memory.base || operand.number % 4 == memory.index;
        case RegisterClass::kGpr16:
        case RegisterClass::kGpr32:
            return operand.number == memory.base || operand.number == memory.index;
        default: return false;
    }
}

void Emitter::note_x87() {
    const Instruction& instruction = *instruction_;
    X87Note& note = x87_.note;
    note.any = true;
    note.instruction_pointer = mode().code32() ? eip_ : eip_ & 0xffff;
    note.opcode = static_cast<u16>((instruction.opcode & 7) << 8 | instruction.modrm);
    if (!instruction.has_memory()) return;
    note.data_segment = static_cast<u8>(instruction.memory.segment);
    x87_.operation = operation();
    x87_.moved = 0;
    x87_.memory = instruction.memory;
    x87_.address_size = instruction.address_size;
}

// The current instruction, which is not emitted yet, may change what FDP's address is made of.
void Emitter::keep_x87_address() {
    if (x87_.operation == Site::kNoOperation) return;
    const auto added = added_to_address(*instruction_, x87_.memory);
    if (added && x87_.address_size == 4)
        x87_.moved += *added;
    else if (may_change_address(*instruction_, x87_.memory))
        store_x87_address();
}

void Emitter::store_x87_address() {
    if (x87_.operation == Site::kNoOperation) return;
    decoder::MemoryOperand memory = x87_.memory;
    memory.displacement -= x87_.moved;
    effective_address(memory, x87_.address_size);
    assembler_.mov(context(offsetof(Context, x87_data), 4), x86::r8d);
    x87_.operation = Site::kNoOperation;
}

void Emitter::store_x87_note() {
    const X87Note& note = x87_.note;
    if (!note.any) return;
    store_x87_address();
    const std::size_t at = offsetof(Context, x87_note);
    if (note.data_segment != X87Note::kNoData) {
        assembler_.mov(x86::r10, std::bit_cast<u64>(note));
        assembler_.mov(context(at, 8), x86::r10);
        return;
    }
    // An earlier block's segment stays.
    assembler_.mov(context(at + offsetof(X87Note, instruction_pointer), 4),
                   static_cast<s32>(note.instruction_pointer));
    assembler_.mov(x86::r10d, note.opcode);
    assembler_.mov(context(at + offsetof(X87Note, opcode), 2), x86::r10w);
    assembler_.mov(context(at + offsetof(X87Note, any), 1), 1);
}

}  // namespace seventeen::translator
