// Mnemonic and Row: one value and one table row for every mnemonic in instructions.inc.
#pragma once

#include <span>
#include <string_view>

#include "core/feature.h"
#include "core/flags.h"
#include "core/types.h"

namespace seventeen::decoder {

// Named as Zydis names them, so that a row serves both.
enum class Mnemonic : u16 {
    kInvalid,
#define SEVENTEEN_INSTRUCTION(name, ...) name,
#include "decoder/instructions.inc"
#undef SEVENTEEN_INSTRUCTION
    kCount,
};

// What running the instruction means to an engine that copies code (design section 3).
enum class Class : u8 {
    kInnocuous,   // copied
    kSensitive,   // unprivileged, yet reads or changes privileged state
    kPrivileged,  // traps in user mode
    kControl,     // ends a block
};

// Robin & Irvine's five groups, for sensitive rows.
enum class SensitiveGroup : u8 {
    kNone,
    kInterruptFlag,
    kSegmentDescriptors,
    kSegmentRegisters,
    kPrivilegedRegisters,
    kGatesAndTasks,
};

// Which file of interpreter/ implements the row, and which rule of translator/ handles it.
enum class Family : u8 {
    kIntegerAlu,
    kShift,
    kMultiplyDivide,
    kBitManipulation,
    kDecimal,
    kDataMovement,
    kStack,
    kControlFlow,
    kString,
    kFlagControl,
    kInputOutput,
    kSegment,
    kSystem,
    kX87,
    kMmx,
    kSse,
    kSse2,
    kSse3,
    kSse4,
};

struct Row {
    std::string_view name;
    Class kind = Class::kInnocuous;
    SensitiveGroup group = SensitiveGroup::kNone;
    Family family = Family::kIntegerAlu;
    Feature feature = Feature::kNone;  // a model without it raises #UD
    u32 flags_read = 0;                // arithmetic flags and DF
    u32 flags_written = 0;             // set to a defined value
    u32 flags_undefined = 0;           // left undefined by the manuals
    bool lockable = false;             // LOCK is legal with a memory destination
};

const Row& row(Mnemonic mnemonic);
std::span<const Row> rows();  // indexed by Mnemonic

}  // namespace seventeen::decoder
