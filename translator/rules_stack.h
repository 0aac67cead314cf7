// What rules that push and pop share.
#pragma once

#include "translator/emitter.h"

namespace seventeen::translator {

// Where a value of `size` bytes is pushed to (popped from); ESP stands. Uses r8, r9, r10.
asmjit::x86::Mem locate_push(Emitter& emitter, unsigned size);
asmjit::x86::Mem locate_pop(Emitter& emitter, unsigned size);
// ESP, or SP on a 16-bit stack. Uses r10, no flags.
void move_stack_pointer(Emitter& emitter, s32 by);

}  // namespace seventeen::translator
