// Tests of the segment registers that come from no descriptor.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

TEST_CASE("nothing can be reached through a null segment") {
    const SegmentRegister segment = null_segment(3);
    CHECK(segment.selector == 3);
    CHECK_FALSE(segment.usable());
    CHECK_FALSE(segment.may_read(0, 1));
    CHECK_FALSE(segment.may_write(0, 1));
}

TEST_CASE("real mode keeps the limit and B/D of a protected-mode segment") {
    const SegmentRegister flat = make_segment(0x1000, 0xfffff, kDataSegment | kFlat32).segment(8);
    const SegmentRegister segment = real_mode_segment(flat, 0xb800);
    CHECK(segment.selector == 0xb800);
    CHECK(segment.base == 0xb8000);
    CHECK(segment.limit == 0xffff'ffff);
    CHECK(segment.big());
    CHECK(segment.may_write(0x1234'5678, 4));
}

TEST_CASE("real mode checks no types") {
    const u32 types[] = {kSegmentCode, kSegmentCode | kSegmentConforming, 0, kSegmentAccessed};
    for (u32 type : types) {
        INFO("type " << type);
        const u32 attributes = kSegmentPresent | kSegmentNotSystem | kSegmentBig | type;
        SegmentRegister segment = make_segment(0x5000, 0x7fff, attributes).segment(8);
        CHECK_FALSE(segment.may_write(0, 1));
        relax_type(segment);
        CHECK(segment.may_read(0x7fff, 1));
        CHECK(segment.may_write(0x7fff, 1));
        CHECK_FALSE(segment.may_write(0x8000, 1));
        CHECK(segment.base == 0x5000);
        CHECK(segment.selector == 8);
        CHECK(segment.big());
    }
}

TEST_CASE("an expand-down segment stays one in real mode") {
    SegmentRegister segment = make_segment(0, 0xfff, kDataSegment | kSegmentExpandDown).segment(8);
    segment = real_mode_segment(segment, 0);
    CHECK_FALSE(segment.may_read(0xfff, 1));
    CHECK(segment.may_read(0x1000, 1));
}

TEST_CASE("real mode makes a null segment usable again") {
    const SegmentRegister segment = real_mode_segment(null_segment(0), 0x40);
    CHECK(segment.base == 0x400);
    CHECK(segment.limit == 0xffff);
    CHECK(segment.may_write(0xffff, 1));
    CHECK_FALSE(segment.may_write(0xffff, 2));
}

TEST_CASE("virtual-8086 segments are fixed") {
    const SegmentRegister segment = v86_segment(0xffff);
    CHECK(segment.base == 0xffff0);
    CHECK(segment.limit == 0xffff);
    CHECK(segment.attributes == 0xf3);
    CHECK(segment.may_write(0xffff, 1));
}

}  // namespace seventeen::privilege
