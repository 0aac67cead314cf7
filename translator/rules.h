// Rules: how instructions are translated, by family as in interpreter/.
//
// A rule decides before it emits anything. What it emits must not change anything that a guest can
// see before the instruction's last access has succeeded (emitter.h). What no rule takes is run by
// the interpreter, so a rule may be as choosy as it likes.
#pragma once

#include "translator/emitter.h"

namespace seventeen::translator {

// Emits the emitter's current instruction. False: no rule takes it, nothing was emitted.
bool translate_instruction(Emitter& emitter);

// Its 32-bit immediate can be read at run time, and nothing it does calls out.
bool has_open_immediate(const decoder::Instruction& instruction);
void translate_open_immediate(Emitter& emitter);

bool translate_integer_alu(Emitter& emitter);
bool translate_shift(Emitter& emitter);
bool translate_multiply_divide(Emitter& emitter);
bool translate_bit_manipulation(Emitter& emitter);
bool translate_data_movement(Emitter& emitter);
bool translate_stack(Emitter& emitter);
bool translate_control_flow(Emitter& emitter);
bool translate_flag_control(Emitter& emitter);
bool translate_crossing(Emitter& emitter);
bool translate_segment(Emitter& emitter);
bool translate_string(Emitter& emitter);
bool translate_system(Emitter& emitter);
bool translate_x87(Emitter& emitter);
bool translate_vector(Emitter& emitter);  // MMX and SSE

// The usual rule: the instruction is copied; its memory operand, if any, is accessed so.
bool translate_by_copy(Emitter& emitter, Access access);
// EFLAGS are ready for an instruction that reads and writes flags as this one does …
void prepare_flags(Emitter& emitter);
// … and hold its results.
void settle_flags(Emitter& emitter);

}  // namespace seventeen::translator
