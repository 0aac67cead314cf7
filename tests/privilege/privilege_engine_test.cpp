// Tests of what all parts of the privilege engine share: CPL and real-mode segment loads.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

TEST_CASE("set_cpl asks engines to look again") {
    Bench bench;
    bench.state.attention = false;
    bench.engine.set_cpl(3);
    CHECK(bench.state.cpl == 3);
    CHECK(bench.state.attention);
}

TEST_CASE("load_real_segment follows the mode") {
    Bench bench;
    bench.real_mode();
    bench.segment(SegmentName::kDs).limit = 0xffff'ffff;
    bench.state.attention = false;
    bench.engine.load_real_segment(SegmentName::kDs, 0x1234);
    CHECK(bench.segment(SegmentName::kDs).base == 0x12340);
    CHECK(bench.segment(SegmentName::kDs).limit == 0xffff'ffff);
    CHECK(bench.state.attention);

    bench.v86_mode(0);
    bench.segment(SegmentName::kDs).limit = 0xffff'ffff;
    bench.engine.load_real_segment(SegmentName::kDs, 0x1234);
    CHECK(bench.segment(SegmentName::kDs).base == 0x12340);
    CHECK(bench.segment(SegmentName::kDs).limit == 0xffff);
    CHECK(bench.segment(SegmentName::kDs).attributes == 0xf3);
}

}  // namespace seventeen::privilege
