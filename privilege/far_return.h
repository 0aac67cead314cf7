// What RETF and IRET share in protected mode: the checks of the code and stack segments that the
// frame names, and what happens to the data segments of an inner level (SDM 3A 5.8.6).
#pragma once

#include "core/fault.h"
#include "privilege/processor.h"

namespace seventeen::privilege {

// #GP or #NP; the selector's RPL is the level returned to.
Fault fetch_return_code(Processor& cpu, u16 selector, CheckedSegment& code);
// A stack for that level: #GP, or #SS where it is not present.
Fault fetch_return_stack(Processor& cpu, u16 selector, unsigned level, CheckedSegment& stack);
// Loads SS, ESP and CS:EIP of an outer level; data segments it may not see become null.
void enter_outer_level(Processor& cpu, const CheckedSegment& code, u32 offset,
                       const CheckedSegment& stack, u32 pointer);

}  // namespace seventeen::privilege
