// The instruction families: each file binds its rows of the instruction table to handlers.
#pragma once

#include "decoder/instruction.h"
#include "interpreter/operation.h"

namespace seventeen::interpreter {

// Chooses the handler for an instruction of the family, by mnemonic, operand forms and sizes;
// nullptr where the family does not know it (a test demands that this never happens for a row).
using Binder = Handler (*)(const decoder::Instruction& instruction);

Handler bind_integer_alu(const decoder::Instruction& instruction);
Handler bind_shift(const decoder::Instruction& instruction);
Handler bind_multiply_divide(const decoder::Instruction& instruction);
Handler bind_bit_manipulation(const decoder::Instruction& instruction);
Handler bind_decimal(const decoder::Instruction& instruction);
Handler bind_data_movement(const decoder::Instruction& instruction);
Handler bind_stack(const decoder::Instruction& instruction);
Handler bind_control_flow(const decoder::Instruction& instruction);
Handler bind_string(const decoder::Instruction& instruction);
Handler bind_flag_control(const decoder::Instruction& instruction);
Handler bind_input_output(const decoder::Instruction& instruction);
Handler bind_segment(const decoder::Instruction& instruction);
Handler bind_system(const decoder::Instruction& instruction);
Handler bind_x87(const decoder::Instruction& instruction);
Handler bind_mmx(const decoder::Instruction& instruction);
Handler bind_sse(const decoder::Instruction& instruction);
Handler bind_sse2(const decoder::Instruction& instruction);
Handler bind_sse3(const decoder::Instruction& instruction);
Handler bind_sse4(const decoder::Instruction& instruction);

}  // namespace seventeen::interpreter
