// Operand contents: numbers of the kind that an instruction reads from memory.
#pragma once

#include "tests/oracle/scene.h"

namespace seventeen::oracle {

// Puts a fit value under the memory operand, most of the time.
void choose_contents(Scene& scene, const decoder::Instruction& instruction);

}  // namespace seventeen::oracle
