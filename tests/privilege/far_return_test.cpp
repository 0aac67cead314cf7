// Tests of RETF: same and outer level, data segments of inner levels, real and V86 mode.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

// A stack at kStack1 of which CPL 1 returns to level 3; `release` bytes of parameters.
void push_outer_frame(Bench& bench, u32 offset, u16 code, u32 pointer, u16 stack, u32 release = 0) {
    bench.set_dwords(bench.esp(), {offset, code});
    bench.set_dwords(bench.esp() + 8 + release, {pointer, stack});
}

}  // namespace

TEST_CASE("a far return to the same level pops and releases") {
    for (unsigned size : {2u, 4u}) {
        INFO("operand size " << size);
        Bench bench;
        bench.protected_mode(3);
        bench.set_descriptor(kFree, make_segment(0x30000, 0xffff, kCodeSegment - 1 + dpl(3)));
        if (size == 4)
            bench.set_dwords(kStack3, {0x1234, 0xffff'0000 | kFree | 3});
        else
            bench.set_words(kStack3, {0x1234, kFree | 3});
        bench.state.attention = false;
        REQUIRE(bench.engine.far_return(size, 6) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | 3));
        CHECK(bench.segment(SegmentName::kCs).base == 0x30000);
        CHECK(bench.state.rip == 0x1234);
        CHECK(bench.esp() == kStack3 + 2 * size + 6);
        CHECK(bench.state.attention);
        CHECK(bench.descriptor(kFree).attributes() & kSegmentAccessed);
    }
}

TEST_CASE("a far return to an outer level takes its stack and releases on both") {
    Bench bench;
    bench.protected_mode(1);
    push_outer_frame(bench, 0x1234, kCode3, 0xc000, kData3, 8);
    REQUIRE(bench.engine.far_return(4, 8) == kNoFault);
    CHECK(bench.state.cpl == 3);
    CHECK(bench.selector(SegmentName::kCs) == kCode3);
    CHECK(bench.state.rip == 0x1234);
    CHECK(bench.selector(SegmentName::kSs) == kData3);
    CHECK(bench.segment(SegmentName::kSs).dpl() == 3);
    CHECK(bench.esp() == 0xc008);
}

TEST_CASE("a 16-bit far return to an outer level") {
    Bench bench;
    bench.protected_mode(1);
    bench.set_words(kStack1, {0x1234, kCode3, 0x4000, kData3});
    REQUIRE(bench.engine.far_return(2, 0) == kNoFault);
    CHECK(bench.state.rip == 0x1234);
    CHECK(bench.esp() == 0x4000);
    CHECK(bench.state.cpl == 3);
}

TEST_CASE("an outer 16-bit stack takes SP and keeps the inner upper half") {
    Bench bench;
    bench.protected_mode(1);
    bench.set_descriptor(kFree, make_segment(0, 0xffff, kDataSegment | dpl(3)));
    bench.set_esp(0x12'a000);
    push_outer_frame(bench, 0x1234, kCode3, 0x5555'fffe, kFree | 3, 4);
    REQUIRE(bench.engine.far_return(4, 4) == kNoFault);
    CHECK(bench.esp() == 0x12'0002);
}

TEST_CASE("data segments that the outer level may not use become null") {
    Bench bench;
    bench.protected_mode(1);
    bench.set_descriptor(kFree, make_segment(0, 0xffff, kCodeSegment | kSegmentConforming));
    bench.set_descriptor(kFree + 8, make_segment(0, 0xffff, kCodeSegment | dpl(1)));
    bench.set_segment(SegmentName::kDs, bench.descriptor(kData1), kData1);
    bench.set_segment(SegmentName::kEs, bench.descriptor(kData3), kData3);
    bench.set_segment(SegmentName::kFs, bench.descriptor(kFree), kFree);
    bench.set_segment(SegmentName::kGs, bench.descriptor(kFree + 8), kFree + 8);
    push_outer_frame(bench, 0, kCode3, 0xc000, kData3);
    REQUIRE(bench.engine.far_return(4, 0) == kNoFault);
    CHECK(bench.selector(SegmentName::kDs) == 0);
    CHECK_FALSE(bench.segment(SegmentName::kDs).usable());
    CHECK(bench.selector(SegmentName::kEs) == kData3);
    CHECK(bench.segment(SegmentName::kEs).usable());
    CHECK(bench.selector(SegmentName::kFs) == kFree);
    CHECK(bench.segment(SegmentName::kFs).usable());
    CHECK(bench.selector(SegmentName::kGs) == 0);
    CHECK_FALSE(bench.segment(SegmentName::kGs).usable());
}

TEST_CASE("a null data segment keeps its selector across levels") {
    Bench bench;
    bench.protected_mode(1);
    bench.segment(SegmentName::kDs) = null_segment(2);
    push_outer_frame(bench, 0, kCode3, 0xc000, kData3);
    REQUIRE(bench.engine.far_return(4, 0) == kNoFault);
    CHECK(bench.selector(SegmentName::kDs) == 2);
}

TEST_CASE("the return address's code segment is checked") {
    struct Row {
        const char* what;
        unsigned cpl;
        u16 rpl;
        u32 attributes;
        Fault expected;
    };
    const u32 absent = kCodeSegment & ~kSegmentPresent;
    const Row rows[] = {
        {"to an inner level", 1, 0, kCodeSegment | dpl(0), gp(kFree)},
        {"data", 1, 1, kDataSegment | dpl(1), gp(kFree)},
        {"a gate", 1, 1, system(SystemType::kCallGate32) | dpl(1), gp(kFree)},
        {"DPL inside RPL", 1, 1, kCodeSegment | dpl(0), gp(kFree)},
        {"DPL beyond RPL", 1, 1, kCodeSegment | dpl(3), gp(kFree)},
        {"conforming, DPL beyond RPL", 1, 1, kCodeSegment | kSegmentConforming | dpl(2), gp(kFree)},
        {"absent", 1, 1, absent | dpl(1), np(kFree)},
        {"absent, outer", 1, 3, absent | dpl(3), np(kFree)},
        {"absent, wrong level", 1, 1, absent | dpl(3), gp(kFree)},
        {"conforming, DPL inside RPL", 1, 1, kCodeSegment | kSegmentConforming | dpl(0), {}},
        {"conforming, outer", 1, 2, kCodeSegment | kSegmentConforming | dpl(1), gp(kData3 & ~3u)},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Bench bench;
        bench.protected_mode(row.cpl);
        bench.set_descriptor(kFree, make_segment(0, 0xffff, row.attributes));
        push_outer_frame(bench, 0, static_cast<u16>(kFree | row.rpl), 0xc000, kData3);
        if (row.expected)
            check_refused(bench, row.expected, [&] { return bench.engine.far_return(4, 0); });
        else
            CHECK(bench.engine.far_return(4, 0) == kNoFault);
    }
    const auto code = [](u16 selector) {
        return [selector](Bench& bench) { bench.write<u32>(bench.esp() + 4, selector); };
    };
    check_refusals(
        {{"null", code(3), gp(0)},
         {"GDT", code(0x103), gp(0x100)},
         {"LDT", code(0x87), gp(0x84)},
         {"offset", [](Bench& b) { b.write<u32>(b.esp(), 0x10000); }, gp(0)}},
        [](Bench& bench) {
            bench.protected_mode(1);
            bench.set_descriptor(kFree, make_segment(0, 0xffff, kCodeSegment | dpl(1)));
            bench.set_dwords(kStack1, {0, kFree | 1});
        },
        [](Bench& bench) { return bench.engine.far_return(4, 0); });
}

TEST_CASE("the outer stack is checked before the entry point") {
    const auto stack = [](u16 selector) {
        return [selector](Bench& bench) { bench.write<u32>(bench.esp() + 12, selector); };
    };
    const auto attributes = [](u32 clear, u32 set) {
        return [=](Bench& bench) { bench.change_attributes(kFree + 8, clear, set); };
    };
    check_refusals(
        {{"null", stack(3), gp(0)},
         {"GDT", stack(0x103), gp(0x100)},
         {"LDT", stack(0x87), gp(0x84)},
         {"RPL", stack(kFree + 8), gp(kFree + 8)},
         {"DPL", attributes(kSegmentDplMask, dpl(2)), gp(kFree + 8)},
         {"read-only", attributes(kSegmentWritable, 0), gp(kFree + 8)},
         {"code", attributes(0, kSegmentCode), gp(kFree + 8)},
         {"system", attributes(kSegmentNotSystem, 0), gp(kFree + 8)},
         {"absent", attributes(kSegmentPresent, 0), ss(kFree + 8)},
         {"limit", [](Bench&) {}, gp(0)},
         {"own stack ends",
          [](Bench& b) {
              b.segment(SegmentName::kSs).limit = kStack1 + 14;
              b.segment(SegmentName::kSs).update();
          },
          ss(0)}},
        [](Bench& bench) {
            bench.protected_mode(1);
            bench.set_descriptor(kFree, make_segment(0, 0xffff, kCodeSegment | dpl(3)));
            bench.set_descriptor(kFree + 8, make_segment(0, 0xffff, kDataSegment | dpl(3)));
            push_outer_frame(bench, 0x10000, kFree | 3, 0xc000, (kFree + 8) | 3);
        },
        [](Bench& bench) { return bench.engine.far_return(4, 0); });
}

TEST_CASE("a far return's own stack is checked first") {
    for (unsigned size : {2u, 4u}) {
        const auto setup = [size](Bench& bench) {
            bench.protected_mode(3);
            bench.segment(SegmentName::kSs).limit = kStack3 + 2 * size - 2;
            bench.segment(SegmentName::kSs).update();
        };
        check_refusals({{"limit", [](Bench&) {}, ss(0)}}, setup,
                       [size](Bench& bench) { return bench.engine.far_return(size, 0); });
    }
}

TEST_CASE("real and V86 mode return to paragraphs") {
    for (bool v86 : {false, true}) {
        Bench bench;
        const auto setup = [v86](Bench& b) { v86 ? b.v86_mode(0) : b.real_mode(); };
        setup(bench);
        bench.set_words(0x9000, {0x345, 0x2000});
        REQUIRE(bench.engine.far_return(2, 4) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == 0x2000);
        CHECK(bench.segment(SegmentName::kCs).base == 0x20000);
        CHECK(bench.state.rip == 0x345);
        CHECK(bench.esp() == 0x1008);
        CHECK(bench.state.cpl == (v86 ? 3 : 0));
        bench.set_dwords(0x9008, {0x456, 0xabcd'3000});
        REQUIRE(bench.engine.far_return(4, 0) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == 0x3000);
        CHECK(bench.state.rip == 0x456);

        check_refusals({{"stack", [](Bench& b) { b.set_esp(0xfffa); }, ss(0)},
                        {"offset",
                         [](Bench& b) {
                             b.set_dwords(0x9000, {0x10000, 0});
                         },
                         gp(0)}},
                       setup, [](Bench& b) { return b.engine.far_return(4, 0); });
    }
}

TEST_CASE("the words of a frame may lie on both ends of a 16-bit stack") {
    Bench bench;
    bench.real_mode();
    bench.set_esp(0xfffe);
    bench.write<u16>(0x17ffe, 0x345);
    bench.write<u16>(0x8000, 0x2000);
    REQUIRE(bench.engine.far_return(2, 0) == kNoFault);
    CHECK(bench.state.rip == 0x345);
    CHECK(bench.selector(SegmentName::kCs) == 0x2000);
    CHECK(bench.esp() == 2);
}

}  // namespace seventeen::privilege
