// SegmentRegister: a selector and the hidden descriptor state behind it.
#pragma once

#include "core/types.h"

namespace seventeen {

enum class SegmentName : u8 { kEs, kCs, kSs, kDs, kFs, kGs };
inline constexpr unsigned kSegmentCount = 6;

// Bits of `attributes`: bits 8..15 and 20..23 of a descriptor's high word, shifted down by eight
// (SDM 3A 3.4.5), so that a descriptor loads with a mask; bit 16 is ours.
inline constexpr u32 kSegmentTypeMask = 0xf;
inline constexpr u32 kSegmentAccessed = 1u << 0;
inline constexpr u32 kSegmentWritable = 1u << 1;    // data segments
inline constexpr u32 kSegmentReadable = 1u << 1;    // code segments
inline constexpr u32 kSegmentExpandDown = 1u << 2;  // data segments
inline constexpr u32 kSegmentConforming = 1u << 2;  // code segments
inline constexpr u32 kSegmentCode = 1u << 3;
inline constexpr u32 kSegmentNotSystem = 1u << 4;  // the S bit
inline constexpr u32 kSegmentDplShift = 5;
inline constexpr u32 kSegmentDplMask = 3u << kSegmentDplShift;
inline constexpr u32 kSegmentPresent = 1u << 7;
inline constexpr u32 kSegmentAvailable = 1u << 12;
inline constexpr u32 kSegmentLong = 1u << 13;
inline constexpr u32 kSegmentBig = 1u << 14;  // D/B
inline constexpr u32 kSegmentGranular = 1u << 15;
inline constexpr u32 kSegmentUnusable = 1u << 16;  // a null selector was loaded

struct SegmentRegister {
    u16 selector = 0;
    u32 attributes = 0;
    u32 limit = 0;  // in bytes: granularity already applied
    u64 base = 0;

    // Derived by update(): the valid offsets are [first, first + span), empty where not permitted.
    u32 first = 0;
    bool whole = false;  // all 4 GiB, to be read and written
    u64 read_span = 0;
    u64 write_span = 0;

    constexpr bool usable() const { return !(attributes & kSegmentUnusable); }
    constexpr bool big() const { return attributes & kSegmentBig; }
    unsigned dpl() const { return (attributes & kSegmentDplMask) >> kSegmentDplShift; }

    // Does [offset, offset + size) lie within the segment, with the right to read (write)?
    bool may_read(u32 offset, unsigned size) const {
        return u64{static_cast<u32>(offset - first)} + size <= read_span;
    }
    bool may_write(u32 offset, unsigned size) const {
        return u64{static_cast<u32>(offset - first)} + size <= write_span;
    }

    // Recomputes the derived fields; whoever changes attributes or limit calls it.
    constexpr void update();

    bool operator==(const SegmentRegister&) const = default;
};

constexpr void SegmentRegister::update() {
    const bool code = attributes & kSegmentCode;
    const bool expand_down = !code && (attributes & kSegmentExpandDown);
    const u64 top = big() ? 0xffff'ffffu : 0xffffu;  // SDM 3A 5.3: upper bound when expand-down
    first = expand_down ? limit + 1 : 0;
    u64 span = u64{limit} + 1;
    if (expand_down) span = limit >= top ? 0 : top - limit;
    const bool valid = usable() && (attributes & kSegmentNotSystem);
    read_span = valid && (!code || (attributes & kSegmentReadable)) ? span : 0;
    write_span = valid && !code && (attributes & kSegmentWritable) ? span : 0;
    constexpr u64 kAll = u64{1} << 32;
    whole = first == 0 && read_span == kAll && write_span == kAll;
}

}  // namespace seventeen
