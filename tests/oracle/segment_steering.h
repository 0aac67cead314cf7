// Segment steering: selectors and far pointers that lead somewhere.
#pragma once

#include "tests/oracle/scene.h"

namespace seventeen::oracle {

// Gives an instruction that loads or looks at a selector one to work on; called with its memory
// operand aimed. Far transfers lead to the next instruction, mostly.
void steer_segments(Scene& scene, Draft& draft);

}  // namespace seventeen::oracle
