// X87Note: which x87 instruction was the last one, so that FIP, FCS, FOP, FDP and FDS can be told.
//
// Inside a block the emitter knows it; sites carry it, so hardly anything is done while code runs.
// An exit stores the block's note in the Context. FDP is computed when its registers are about to
// change by what isn't known (Context::x87_data), or at a callout. FCS and FDS are read from the
// segment registers at the next callout, which is soon enough while translated code doesn't change
// selectors.
#pragma once

#include <optional>

#include "decoder/instruction.h"

namespace seventeen::translator {

struct X87Note {
    static constexpr u8 kNoData = 0xff;

    u32 instruction_pointer = 0;
    u16 opcode = 0;  // FOP
    bool any = false;
    u8 data_segment = kNoData;  // SegmentName of the last memory operand since the last callout
};
static_assert(sizeof(X87Note) == 8);  // stored as one

// May it change a register that the memory operand's address is made of? Yes, where in doubt.
bool may_change_address(const decoder::Instruction& instruction,
                        const decoder::MemoryOperand& memory);
// What it adds to the address, where that is known: it adds a constant to a register and calls for
// no one's help.
std::optional<u32> added_to_address(const decoder::Instruction& instruction,
                                    const decoder::MemoryOperand& memory);

}  // namespace seventeen::translator
