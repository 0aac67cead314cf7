// Tests of SYSENTER and SYSEXIT: what they check and the state they leave.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

constexpr u32 kEnterEip = 0xc0123456;
constexpr u32 kEnterEsp = 0xc0654320;

void prepare(Bench& bench, unsigned cpl, u32 sysenter_cs) {
    bench.protected_mode(cpl);
    bench.state.msr.sysenter_cs = sysenter_cs;
    bench.state.msr.sysenter_eip = kEnterEip;
    bench.state.msr.sysenter_esp = kEnterEsp;
    bench.state.set_reg32(Gpr::kCx, 0x8765);
    bench.state.set_reg32(Gpr::kDx, 0x4321);
    bench.state.attention = false;
}

void check_flat(const SegmentRegister& segment, unsigned selector, u32 type, unsigned level) {
    CHECK(segment.selector == selector);
    CHECK(segment.base == 0);
    CHECK(segment.limit == 0xffffffff);
    CHECK(segment.attributes ==
          (type | kSegmentNotSystem | kSegmentPresent | kFlat32 | dpl(level)));
    CHECK(segment.may_read(0xfffffffc, 4));
}

}  // namespace

TEST_CASE("SYSENTER enters flat segments at CPL 0") {
    for (const unsigned cpl : {0u, 1u, 3u}) {
        Bench bench;
        prepare(bench, cpl, 0x63);
        bench.state.set_eflags(kFlagIf | kFlagTf | kFlagRf | kFlagNt | kFlagDf | kFlagCf |
                               kFlagIopl);
        CHECK(bench.engine.sysenter() == Fault{});
        check_flat(bench.segment(SegmentName::kCs), 0x60, 0xb, 0);
        check_flat(bench.segment(SegmentName::kSs), 0x68, 0x3, 0);
        CHECK(bench.state.cpl == 0);
        CHECK(bench.state.rip == kEnterEip);
        CHECK(bench.esp() == kEnterEsp);
        CHECK(bench.state.eflags() ==
              (kFlagFixed | kFlagTf | kFlagNt | kFlagDf | kFlagCf | kFlagIopl));
        CHECK(bench.state.attention);
    }
}

TEST_CASE("SYSENTER leaves virtual-8086 mode") {
    Bench bench;
    bench.v86_mode(3);
    bench.state.msr.sysenter_cs = kCode0;
    CHECK(bench.engine.sysenter() == Fault{});
    CHECK(!bench.state.v86());
    CHECK(bench.state.cpl == 0);
    check_flat(bench.segment(SegmentName::kCs), kCode0, 0xb, 0);
}

TEST_CASE("SYSEXIT returns to flat segments at CPL 3") {
    Bench bench;
    prepare(bench, 0, 0x60);
    bench.state.set_eflags(kFlagIf | kFlagCf);
    CHECK(bench.engine.sysexit() == Fault{});
    check_flat(bench.segment(SegmentName::kCs), 0x73, 0xb, 3);
    check_flat(bench.segment(SegmentName::kSs), 0x7b, 0x3, 3);
    CHECK(bench.state.cpl == 3);
    CHECK(bench.state.rip == 0x4321);
    CHECK(bench.esp() == 0x8765);
    CHECK(bench.state.eflags() == (kFlagFixed | kFlagIf | kFlagCf));
    CHECK(bench.state.attention);
}

TEST_CASE("both need protected mode and a selector, SYSEXIT CPL 0 too") {
    const Fault refused = Fault::general_protection();
    Bench bench;
    for (const u32 null : {0u, 1u, 2u, 3u, 0x10000u, 0xffff0003u}) {
        prepare(bench, 0, null);
        CAPTURE(null);
        CHECK(bench.engine.sysenter() == refused);
        CHECK(bench.engine.sysexit() == refused);
        CHECK(bench.state.rip == 0x6000);
        CHECK(bench.segment(SegmentName::kCs).selector == kCode0);
    }
    for (const unsigned cpl : {1u, 3u}) {
        prepare(bench, cpl, 0x60);
        CHECK(bench.engine.sysexit() == refused);
    }
    prepare(bench, 0, 0x60);
    bench.state.cr0 &= ~kCr0Pe;
    CHECK(bench.engine.sysenter() == refused);
    CHECK(bench.engine.sysexit() == refused);
    bench.v86_mode(3);
    CHECK(bench.engine.sysexit() == refused);
}

}  // namespace seventeen::privilege
