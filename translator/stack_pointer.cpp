// Which instructions can do without ESP in r12.
#include "translator/stack_pointer.h"

#include <algorithm>

#include "translator/emitter.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;
using decoder::Operand;
using decoder::OperandKind;
using decoder::RegisterClass;

namespace {

constexpr u8 kSp = static_cast<u8>(Gpr::kSp);

bool is_stack_pointer(const Operand& operand) {
    return operand.kind == OperandKind::kRegister && operand.number == kSp &&
           (operand.register_class == RegisterClass::kGpr16 ||
            operand.register_class == RegisterClass::kGpr32);
}

bool is_register32(const Operand& operand) {
    return operand.kind == OperandKind::kRegister &&
           operand.register_class == RegisterClass::kGpr32;
}

}  // namespace

bool names_stack_pointer(const Instruction& instruction) {
    return std::any_of(instruction.operands.begin(), instruction.operands.end(), is_stack_pointer);
}

bool moves_stack_pointer(const Instruction& instruction) {
    const Operand& to = instruction.operands[0];
    return instruction.mnemonic == Mnemonic::LEA && is_register32(to) && to.number == kSp &&
           instruction.address_size == 4 && instruction.memory.base == kSp &&
           instruction.memory.index == kNoGpr;
}

bool copies_stack_pointer(const Instruction& instruction) {
    const Operand& to = instruction.operands[0];
    return instruction.mnemonic == Mnemonic::MOV && is_register32(to) && to.number != kSp &&
           is_stack_pointer(instruction.operands[1]);
}

bool sets_stack_pointer(const Instruction& instruction) {
    const Operand& to = instruction.operands[0];
    switch (instruction.mnemonic) {
        case Mnemonic::LEAVE: return true;
        case Mnemonic::MOV:
            return is_register32(to) && to.number == kSp &&
                   !is_stack_pointer(instruction.operands[1]);
        case Mnemonic::LEA:
            return is_register32(to) && to.number == kSp && !moves_stack_pointer(instruction);
        default: return false;
    }
}

bool needs_stack_pointer(const Instruction& instruction) {
    return names_stack_pointer(instruction) && !moves_stack_pointer(instruction) &&
           !copies_stack_pointer(instruction) && !sets_stack_pointer(instruction);
}

void Emitter::fold_stack_pointer(s32 by) {
    stack_delta_ = from_stack_pointer(by);
    if (surroundings_.disabled.has(Trick::kEspFold) || !mode().stack32()) settle_stack_pointer();
}

// Flags stay where they are.
void Emitter::settle_stack_pointer() {
    if (stack_delta_ != 0) assembler_.lea(x86::r12d, x86::ptr(x86::r12, stack_delta_));
    stack_delta_ = 0;
}

s32 Emitter::displacement_of(const decoder::MemoryOperand& memory) const {
    const s32 displacement = static_cast<s32>(memory.displacement);
    return memory.base == kSp ? from_stack_pointer(displacement) : displacement;
}

}  // namespace seventeen::translator
