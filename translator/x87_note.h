// X87Note: which x87 instruction was the last one, so that FIP, FCS, FOP and FDS can be told.
//
// Inside a block the emitter knows it; sites carry it, so nothing has to be done while code runs.
// An exit stores the block's note in the Context. FDP alone is kept as code runs
// (Context::x87_data). FCS and FDS are read from the segment registers at the next callout, which
// is soon enough while translated code doesn't change selectors.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

struct X87Note {
    static constexpr u32 kNoData = ~u32{0};

    u32 instruction_pointer = 0;
    u16 opcode = 0;  // FOP
    bool any = false;
    u8 reserved = 0;
    u32 data_segment = kNoData;  // SegmentName of the last memory operand since the last callout
};

}  // namespace seventeen::translator
