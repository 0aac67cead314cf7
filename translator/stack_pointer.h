// What becomes of ESP, which translated code holds in r12, but for a delta.
//
// Pushing and popping moves the delta and emits nothing but the access; memory operands add it to
// their displacement. Where ESP itself is computed with, and where a block is left, r12 catches up.
// Before a callout looks at ESP the Translator adds what the Site says.
#pragma once

#include "decoder/instruction.h"

namespace seventeen::translator {

// Is there a register operand ESP or SP?
bool names_stack_pointer(const decoder::Instruction& instruction);
// LEA ESP, [ESP + n]: ESP moves by the displacement.
bool moves_stack_pointer(const decoder::Instruction& instruction);
// MOV r32, ESP.
bool copies_stack_pointer(const decoder::Instruction& instruction);
// Where a rule takes it, all of r12 gets a value that has nothing to do with what was there, but by
// way of a memory operand.
bool sets_stack_pointer(const decoder::Instruction& instruction);
// Everything else that names it: r12 must be the guest's ESP.
bool needs_stack_pointer(const decoder::Instruction& instruction);

}  // namespace seventeen::translator
