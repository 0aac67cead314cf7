// Random start states: registers with a bias to pointers and edge values, and memory to match.
#pragma once

#include "tests/oracle/case.h"
#include "tests/oracle/random.h"

namespace seventeen::oracle {

// Fills a case's registers; ESP points into the stack.
void randomise_registers(Random& random, Registers& registers);
// Fills the x87 and SSE state with every class of number.
void randomise_fpu(Random& random, FxImage& image);
// Puts segments of the LDT into some of the segment registers, now and then.
void randomise_segments(Random& random, Registers& registers);
void randomise_memory(Random& random, MemoryImage& memory);

// Contents of control registers; reserved bits stay clear.
u16 random_x87_control(Random& random);
u32 random_mxcsr(Random& random);

}  // namespace seventeen::oracle
