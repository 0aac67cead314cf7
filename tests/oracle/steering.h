// Steering: makes a random instruction do something more telling than fault.
//
// Aims its memory operand into the compared memory, puts numbers of the right kind there, and gives
// registers that an instruction uses in its own way (counts, divisors, string pointers) fit values.
// All of it only most of the time: what is left alone tests the faults.
#pragma once

#include "tests/oracle/scene.h"

namespace seventeen::oracle {

void steer(Scene& scene, Draft& draft);

}  // namespace seventeen::oracle
