// Local segments: descriptors as the manual lays them out, and as the host's kernel makes them.
#include "tests/oracle/segments.h"

#include "tests/oracle/host_fixture.h"

namespace seventeen::oracle {
namespace {

// What LAR says of a selector, or 0.
u32 access_rights(u32 selector) {
    u32 rights = 0;
    asm("larl %1, %0; jz 1f; xorl %0, %0; 1:" : "=r"(rights) : "r"(selector) : "cc");
    return rights;
}

TEST_CASE("a descriptor holds base, limit and rights in their places") {
    using Segment = LocalSegment;
    const Segment code{Segment::Kind::kCode, Segment::Rights::kLess,
                       Segment::Width::k16,  Segment::Unit::kBytes,
                       0x12345678,           0x9abcd};
    CHECK(code.descriptor() == 0x1209'f934'5678'abcd);
    const Segment data{Segment::Kind::kData,
                       Segment::Rights::kMore,
                       Segment::Width::k32,
                       Segment::Unit::kPages,
                       0,
                       0xfffff};
    CHECK(data.descriptor() == 0x00cf'f300'0000'ffff);
    const Segment down{Segment::Kind::kExpandDown,
                       Segment::Rights::kMore,
                       Segment::Width::k16,
                       Segment::Unit::kBytes,
                       0,
                       1,
                       false};
    CHECK(down.descriptor() == 0x0000'7700'0000'0001);
}

TEST_CASE("a selector finds its segment") {
    CHECK(local_segment(local_selector(3)) == &local_segments()[3]);
    CHECK(local_segment(local_selector(kLocalSegmentCount)) == nullptr);
    CHECK(local_segment(kUserData) == nullptr);
    CHECK(segment_base(kUserData) == 0);
    CHECK(is_32_bit(kUserCode32));
    CHECK(is_within(kUserCode32, 0xffff'ffff));
    CHECK(is_within(local_selector(1), kCode.size - 1));
    CHECK_FALSE(is_within(local_selector(1), kCode.size));
}

TEST_CASE("the host's kernel makes the same descriptors") {
    const auto host = host_or_skip();
    if (!host || !host->has_local_segments()) return;
    constexpr u32 kVisible = 0x00f0'ff00;
    for (unsigned i = 0; i < kLocalSegmentCount; ++i) {
        CAPTURE(i);
        const u64 descriptor = local_segments()[i].descriptor();
        CHECK((access_rights(local_selector(i)) & kVisible) == (descriptor >> 32 & kVisible));
    }
}

}  // namespace
}  // namespace seventeen::oracle
