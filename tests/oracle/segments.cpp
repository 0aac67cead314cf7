// The list of local segments.
#include "tests/oracle/segments.h"

#include "core/segment_register.h"

namespace seventeen::oracle {

namespace {

using Kind = LocalSegment::Kind;
using Rights = LocalSegment::Rights;
using Width = LocalSegment::Width;
using Unit = LocalSegment::Unit;

constexpr u32 kWhole = 0xfffff;  // in pages: 4 GiB
constexpr u32 kUpToExit = kExit.base - kCode.base - 1;
constexpr u16 kSelectorLocal = 4;

// Segments that hold just one of the regions, so that their limits are met; flat ones; and what is
// refused or seldom.
constexpr std::array<LocalSegment, kLocalSegmentCount> kSegments = {{
    {Kind::kCode, Rights::kMore, Width::k32, Unit::kPages, 0, kWhole},
    {Kind::kCode, Rights::kMore, Width::k32, Unit::kBytes, kCode.base, kCode.size - 1},
    {Kind::kCode, Rights::kLess, Width::k32, Unit::kPages, 0, kWhole},
    {Kind::kCode, Rights::kMore, Width::k16, Unit::kBytes, kCode.base, kCode.size - 1},
    {Kind::kCode, Rights::kLess, Width::k16, Unit::kBytes, kCode.base, kUpToExit},
    {Kind::kConforming, Rights::kMore, Width::k32, Unit::kPages, 0, kWhole, false},
    {Kind::kData, Rights::kMore, Width::k32, Unit::kPages, 0, kWhole},
    {Kind::kData, Rights::kMore, Width::k32, Unit::kPages, 1, kWhole},
    {Kind::kData, Rights::kLess, Width::k32, Unit::kPages, 0, kWhole},
    {Kind::kData, Rights::kMore, Width::k16, Unit::kBytes, kData.base, kData.size - 1},
    {Kind::kData, Rights::kMore, Width::k16, Unit::kBytes, kStack.base, kStack.size - 1},
    {Kind::kData, Rights::kMore, Width::k16, Unit::kPages, 0, kWhole},
    {Kind::kExpandDown, Rights::kMore, Width::k32, Unit::kPages, 0, kData.base >> kPageShift},
    {Kind::kExpandDown, Rights::kMore, Width::k16, Unit::kBytes, kStack.base, 0x7ff},
    {Kind::kData, Rights::kMore, Width::k32, Unit::kBytes, kData.base, 0x1234, false},
    {Kind::kData, Rights::kMore, Width::k32, Unit::kBytes, kData.base, 0xfff},
}};

}  // namespace

u64 LocalSegment::descriptor() const {
    constexpr u32 kUser = 3u << kSegmentDplShift;
    u32 attributes = kSegmentNotSystem | kSegmentAccessed | kUser;
    if (is_code()) attributes |= kSegmentCode;
    if (kind == Kind::kConforming) attributes |= kSegmentConforming;
    if (kind == Kind::kExpandDown) attributes |= kSegmentExpandDown;
    if (rights == Rights::kMore) attributes |= is_code() ? kSegmentReadable : kSegmentWritable;
    if (width == Width::k32) attributes |= kSegmentBig;
    if (unit == Unit::kPages) attributes |= kSegmentGranular;
    if (present) attributes |= kSegmentPresent;
    const u32 high =
        (base & 0xff00'0000) | (limit & 0xf'0000) | attributes << 8 | (base >> 16 & 0xff);
    return u64{high} << 32 | base << 16 | (limit & 0xffff);
}

const std::array<LocalSegment, kLocalSegmentCount>& local_segments() {
    return kSegments;
}

const LocalSegment* local_segment(u16 selector) {
    const unsigned index = selector >> 3;
    return (selector & kSelectorLocal) && index < kSegments.size() ? &kSegments[index] : nullptr;
}

u32 segment_base(u16 selector) {
    const LocalSegment* segment = local_segment(selector);
    return segment ? segment->base : 0;
}

bool is_within(u16 code_selector, u32 offset) {
    const LocalSegment* segment = local_segment(code_selector);
    return !segment || segment->unit == Unit::kPages || offset <= segment->limit;
}

bool is_32_bit(u16 selector) {
    const LocalSegment* segment = local_segment(selector);
    return !segment || segment->width == Width::k32;
}

}  // namespace seventeen::oracle
