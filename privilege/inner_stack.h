// The stack that the current TSS holds for a more privileged level (SDM 3A 5.8.5).
#pragma once

#include "core/fault.h"
#include "privilege/processor.h"

namespace seventeen::privilege {

struct InnerStack {
    CheckedSegment segment;
    u32 pointer = 0;

    // Names the stack in #SS and #TS.
    u32 error_code() const { return selector_error(segment.selector); }
};

// Reads and checks it: #TS, or #SS where it is not present. The accessed bit is not set yet.
Fault find_inner_stack(Processor& cpu, unsigned level, InnerStack& stack);

}  // namespace seventeen::privilege
