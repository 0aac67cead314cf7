// Builds segment registers that come from no descriptor.
#include "privilege/segment_state.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kParagraphLimit = 0xffff;
constexpr u32 kWritableData =
    kSegmentPresent | kSegmentNotSystem | kSegmentWritable | kSegmentAccessed;
constexpr unsigned kParagraphShift = 4;

}  // namespace

SegmentRegister null_segment(u16 selector) {
    SegmentRegister segment;
    segment.selector = selector;
    segment.attributes = kSegmentUnusable;
    segment.update();
    return segment;
}

void relax_type(SegmentRegister& segment) {
    if (segment.attributes & kSegmentCode) segment.attributes &= ~kSegmentTypeMask;
    segment.attributes |= kWritableData;
    segment.update();
}

SegmentRegister real_mode_segment(const SegmentRegister& before, u16 selector) {
    SegmentRegister segment = before;
    // A null selector left no limit behind: start from RESET's.
    if (!before.usable()) {
        segment.attributes = kWritableData;
        segment.limit = kParagraphLimit;
    }
    segment.selector = selector;
    segment.base = u64{selector} << kParagraphShift;
    relax_type(segment);
    return segment;
}

SegmentRegister v86_segment(u16 selector) {
    SegmentRegister segment;
    segment.selector = selector;
    segment.base = u64{selector} << kParagraphShift;
    segment.limit = kParagraphLimit;
    segment.attributes = kWritableData | kSegmentDplMask;
    segment.update();
    return segment;
}

SegmentRegister paragraph_segment(const CpuState& state, SegmentName name, u16 selector) {
    return state.v86() ? v86_segment(selector) : real_mode_segment(state.segment(name), selector);
}

}  // namespace seventeen::privilege
