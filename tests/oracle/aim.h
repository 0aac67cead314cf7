// Aim: makes an instruction's memory operand point where a case wants it.
#pragma once

#include "tests/oracle/scene.h"

namespace seventeen::oracle {

// The linear address of the memory operand with the registers as they are.
u32 operand_address(const Scene& scene, const decoder::Instruction& instruction);

// A place in the compared memory, most of the time.
struct Access {
    unsigned size = 1;
    bool low = false;      // within reach of a 16-bit offset from `base`
    bool aligned = false;  // must be, or it faults
    u32 base = 0;          // of the segment
};
u32 choose_target(Scene& scene, const Access& access);

// Chooses a target for the memory operand and reaches it by the displacement, or else by the base
// or index register. Changes the draft's bytes and decoded displacement.
void aim(Scene& scene, Draft& draft);

}  // namespace seventeen::oracle
