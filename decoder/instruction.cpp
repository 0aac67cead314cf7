// Instruction: the questions its fields answer together.
#include "decoder/instruction.h"

#include <algorithm>

namespace seventeen::decoder {

bool Instruction::has_memory() const {
    return std::any_of(operands.begin(), operands.end(),
                       [](const Operand& operand) { return operand.kind == OperandKind::kMemory; });
}

}  // namespace seventeen::decoder
