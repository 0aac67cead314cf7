// Turns a decoded instruction into an Operation: offsets instead of names, masks instead of sizes.
#include "interpreter/operation.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Operand;
using decoder::OperandKind;
using decoder::RegisterClass;

// Byte offset of a general register within CpuState::gpr; the number itself for other classes.
u8 register_index(const Operand& operand) {
    constexpr unsigned kFirstHighByte = 4;  // AH CH DH BH
    switch (operand.register_class) {
        case RegisterClass::kGpr8:
            return operand.number < kFirstHighByte
                       ? static_cast<u8>(operand.number * 8)
                       : static_cast<u8>((operand.number - kFirstHighByte) * 8 + 1);
        case RegisterClass::kGpr16:
        case RegisterClass::kGpr32:
        case RegisterClass::kGpr64: return static_cast<u8>(operand.number * 8);
        default: return operand.number;
    }
}

}  // namespace

Operation make_operation(const Instruction& instruction) {
    Operation operation;
    operation.displacement = static_cast<s32>(instruction.memory.displacement);
    operation.immediate = static_cast<u32>(instruction.immediate);
    operation.immediate2 = instruction.immediate2;
    operation.address_mask = instruction.address_size == 2 ? 0xffff : 0xffff'ffff;
    operation.mnemonic = instruction.mnemonic;
    for (unsigned i = 0; i < 3; ++i) {
        if (instruction.operands[i].kind == OperandKind::kRegister)
            operation.operand[i] = register_index(instruction.operands[i]);
    }
    operation.length = instruction.length;
    operation.base = instruction.memory.base;
    operation.index = instruction.memory.index;
    operation.scale = instruction.memory.scale;
    operation.segment = instruction.memory.segment;
    operation.operand_size = instruction.operand_size;
    operation.address_size = instruction.address_size;
    operation.modrm = instruction.modrm;
    operation.opcode = instruction.opcode;
    operation.rep = instruction.rep;
    operation.repne = instruction.repne;
    return operation;
}

}  // namespace seventeen::interpreter
