// What rules that push and pop share.
#pragma once

#include "translator/emitter.h"

namespace seventeen::translator {

// [r8 + r9] is where a value of `size` bytes is pushed to (popped from); ESP stands. Uses r10.
void locate_push(Emitter& emitter, unsigned size);
void locate_pop(Emitter& emitter, unsigned size);
// ESP, or SP on a 16-bit stack. Uses r10, no flags.
void move_stack_pointer(Emitter& emitter, s32 by);

}  // namespace seventeen::translator
