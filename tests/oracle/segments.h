// Segments: the descriptors that cases find in the LDT, on the host and in the guest alike.
#pragma once

#include <array>

#include "decoder/instruction.h"
#include "tests/oracle/layout.h"

namespace seventeen::oracle {

// As Linux's modify_ldt takes them: of privilege level 3, and accessed already.
struct LocalSegment {
    enum class Kind : u8 { kData, kExpandDown, kCode, kConforming };
    enum class Rights : u8 { kLess, kMore };  // data: written too; code: read too
    enum class Width : u8 { k16, k32 };
    enum class Unit : u8 { kBytes, kPages };  // of the limit

    Kind kind;
    Rights rights;
    Width width;
    Unit unit;
    u32 base;
    u32 limit;
    bool present = true;

    bool is_code() const { return kind == Kind::kCode || kind == Kind::kConforming; }
    u64 descriptor() const;  // SDM 3A 3.4.5
};

inline constexpr unsigned kLocalSegmentCount = 16;
const std::array<LocalSegment, kLocalSegmentCount>& local_segments();

constexpr u16 local_selector(unsigned index) {
    constexpr u16 kLocal = 4, kUser = 3;
    return static_cast<u16>(index << 3 | kLocal | kUser);
}

// The LDT's segment that a selector names, or nullptr.
const LocalSegment* local_segment(u16 selector);

// Of any selector that a case may have loaded; what is not in the LDT is flat.
bool is_within(u16 code_selector, u32 offset);
u32 segment_base(u16 selector);
bool is_32_bit(u16 selector);
inline decoder::CodeSize code_size(u16 selector) {
    return is_32_bit(selector) ? decoder::CodeSize::k32 : decoder::CodeSize::k16;
}

}  // namespace seventeen::oracle
