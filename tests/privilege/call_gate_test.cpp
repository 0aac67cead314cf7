// Tests of call gates: rights, same and inner level, stack switch and parameter copy.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u16 kGate = kFree;
constexpr u16 kTarget = kFree + 8;  // a code segment of 64 KiB at 0x30000
constexpr u32 kEntry = 0x1234;

struct GateCase {
    SystemType type = SystemType::kCallGate32;
    unsigned target_level = 0;
    unsigned parameters = 0;
    u32 extra = 0;  // attributes of the target
};

void set_gate(Bench& bench, const GateCase& gate) {
    const u32 attributes = kCodeSegment | kSegmentBig | dpl(gate.target_level) | gate.extra;
    bench.set_descriptor(kTarget, make_segment(0x30000, 0xffff, attributes));
    bench.set_descriptor(kGate, make_gate(gate.type, kTarget, kEntry, 3, gate.parameters));
}

std::function<void(Bench&)> gate_attributes(u32 clear, u32 set) {
    return [=](Bench& bench) { bench.change_attributes(kGate, clear, set); };
}

std::function<void(Bench&)> target_attributes(u32 clear, u32 set) {
    return [=](Bench& bench) { bench.change_attributes(kTarget, clear, set); };
}

std::function<void(Bench&)> target_selector(u16 selector) {
    return [=](Bench& bench) {
        bench.set_descriptor(kGate, make_gate(SystemType::kCallGate32, selector, kEntry, 3));
    };
}

}  // namespace

TEST_CASE("a jump through a gate stays at its level") {
    for (SystemType type : {SystemType::kCallGate16, SystemType::kCallGate32}) {
        Bench bench;
        bench.protected_mode(3);
        set_gate(bench, {type, 3});
        REQUIRE(bench.engine.far_jump(kGate | 3, 0xdead'beef, 4) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kTarget | 3));
        CHECK(bench.state.rip == kEntry);
        CHECK(bench.state.cpl == 3);
        CHECK(bench.esp() == kStack3);
        // Conforming code of an inner level runs at the caller's.
        set_gate(bench, {type, 0, 0, kSegmentConforming});
        REQUIRE(bench.engine.far_jump(kGate | 3, 0, 4) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kTarget | 3));
        CHECK(bench.state.cpl == 3);
    }
}

TEST_CASE("a call through a gate to the same level pushes in the gate's size") {
    Bench bench;
    bench.protected_mode(3);
    bench.state.rip = 0x11112222;
    set_gate(bench, {SystemType::kCallGate32, 3, 5});
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 2) == kNoFault);
    CHECK(bench.state.rip == kEntry);
    CHECK(bench.esp() == kStack3 - 8);
    CHECK(bench.dword(kStack3 - 4) == kCode3);
    CHECK(bench.dword(kStack3 - 8) == 0x11112222);

    bench.protected_mode(3);
    bench.state.rip = 0x11112222;
    set_gate(bench, {SystemType::kCallGate16, 3, 5});
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    CHECK(bench.state.rip == kEntry);
    CHECK(bench.esp() == kStack3 - 4);
    CHECK(bench.word(kStack3 - 2) == kCode3);
    CHECK(bench.word(kStack3 - 4) == 0x2222);
}

TEST_CASE("conforming code called through a gate keeps the level and the stack") {
    Bench bench;
    bench.protected_mode(3);
    set_gate(bench, {SystemType::kCallGate32, 0, 0, kSegmentConforming});
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    CHECK(bench.state.cpl == 3);
    CHECK(bench.selector(SegmentName::kCs) == (kTarget | 3));
    CHECK(bench.selector(SegmentName::kSs) == kData3);
    CHECK(bench.esp() == kStack3 - 8);
}

TEST_CASE("a call to an inner level switches stacks and copies parameters") {
    Bench bench;
    bench.protected_mode(3);
    set_gate(bench, {SystemType::kCallGate32, 0, 3});
    bench.change_attributes(kData0, kSegmentAccessed, 0);
    bench.set_dwords(kStack3, {0xa1, 0xa2, 0xa3, 0xa4});
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    CHECK(bench.state.cpl == 0);
    CHECK(bench.selector(SegmentName::kCs) == kTarget);
    CHECK(bench.state.rip == kEntry);
    CHECK(bench.selector(SegmentName::kSs) == kData0);
    CHECK(bench.segment(SegmentName::kSs).dpl() == 0);
    CHECK(bench.descriptor(kData0).attributes() & kSegmentAccessed);
    CHECK(bench.segment(SegmentName::kSs).attributes & kSegmentAccessed);
    REQUIRE(bench.esp() == kStack0 - 28);
    const u32 frame[] = {0x6000, kCode3, 0xa1, 0xa2, 0xa3, kStack3, kData3};
    for (unsigned i = 0; i < 7; ++i) CHECK(bench.dword(kStack0 - 28 + i * 4) == frame[i]);
    // The data segments stay.
    CHECK(bench.selector(SegmentName::kDs) == kData3);
}

TEST_CASE("a 16-bit gate copies words and keeps to 16 bits") {
    Bench bench;
    bench.protected_mode(3);
    bench.state.rip = 0x11112222;
    bench.set_esp(0x1'b000);
    set_gate(bench, {SystemType::kCallGate16, 1, 2});
    bench.set_words(0x1'b000, {0xa1, 0xa2, 0xa3});
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    CHECK(bench.state.cpl == 1);
    CHECK(bench.selector(SegmentName::kCs) == (kTarget | 1));
    CHECK(bench.selector(SegmentName::kSs) == kData1);
    REQUIRE(bench.esp() == kStack1 - 12);
    const u32 frame[] = {0x2222, kCode3, 0xa1, 0xa2, 0xb000, kData3};
    for (unsigned i = 0; i < 6; ++i) CHECK(bench.word(kStack1 - 12 + i * 2) == frame[i]);
}

TEST_CASE("a 16-bit TSS gives a 32-bit gate its stack") {
    Bench bench;
    bench.protected_mode(3);
    bench.state.tr.attributes = system(SystemType::kTss16Busy);
    bench.set_words(kTss + 2, {0x9100, kData0});
    set_gate(bench, {SystemType::kCallGate32, 0, 0});
    bench.set_esp(0x1234'b000);
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    CHECK(bench.esp() == 0x9100 - 16);
    CHECK(bench.dword(0x9100 - 8) == 0x1234'b000);
}

TEST_CASE("thirty-one parameters are copied from a stack that wraps") {
    Bench bench;
    bench.protected_mode(3);
    set_gate(bench, {SystemType::kCallGate16, 0, 31});
    bench.set_segment(SegmentName::kSs, make_segment(0x20000, 0xffff, kDataSegment | dpl(3)),
                      kData3);
    bench.set_esp(0xfff0);
    for (unsigned i = 0; i < 31; ++i)
        bench.write<u16>(0x20000 + ((0xfff0 + i * 2) & 0xffff), static_cast<u16>(0x100 + i));
    REQUIRE(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
    REQUIRE(bench.esp() == kStack0 - 70);
    for (unsigned i = 0; i < 31; ++i) CHECK(bench.word(kStack0 - 66 + i * 2) == 0x100 + i);
}

TEST_CASE("a gate's rights come before its presence, before its target's") {
    for (bool call : {false, true}) {
        INFO((call ? "CALL" : "JMP"));
        check_refusals(
            {{"CPL", gate_attributes(kSegmentDplMask, dpl(2)), gp(kGate)},
             {"RPL",
              [](Bench& b) {
                  b.protected_mode(0);
                  b.change_attributes(kGate, kSegmentDplMask, dpl(2));
              },
              gp(kGate)},
             {"absent", gate_attributes(kSegmentPresent, 0), np(kGate)},
             {"absent, no rights", gate_attributes(kSegmentPresent | kSegmentDplMask, 0),
              gp(kGate)},
             {"null target", target_selector(3), gp(0)},
             {"target beyond the GDT", target_selector(0x101), gp(0x100)},
             {"target beyond the LDT", target_selector(0x85), gp(0x84)},
             {"data", target_attributes(kSegmentCode, 0), gp(kTarget)},
             {"system", target_attributes(kSegmentNotSystem, 0), gp(kTarget)},
             {"absent code", target_attributes(kSegmentPresent, 0), np(kTarget)},
             {"beyond its limit",
              [](Bench& b) {
                  b.set_descriptor(kGate, make_gate(SystemType::kCallGate32, kTarget, 0x10000, 3));
              },
              gp(0)}},
            [](Bench& bench) {
                bench.protected_mode(3);
                set_gate(bench, {SystemType::kCallGate32, 3});
            },
            [call](Bench& bench) {
                return call ? bench.engine.far_call(kGate | 3, 0, 4)
                            : bench.engine.far_jump(kGate | 3, 0, 4);
            });
    }
}

TEST_CASE("which levels a gate leads to") {
    struct Row {
        const char* what;
        unsigned cpl;
        unsigned target_level;
        u32 extra;
        bool jump, call;
    };
    const Row rows[] = {
        {"same", 1, 1, 0, true, true},
        {"inner", 1, 0, 0, false, true},
        {"outer", 0, 1, 0, false, false},
        {"conforming inner", 1, 0, kSegmentConforming, true, true},
        {"conforming outer", 0, 1, kSegmentConforming, false, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Bench bench;
        const auto setup = [&] {
            bench.protected_mode(row.cpl);
            set_gate(bench, {SystemType::kCallGate32, row.target_level, 0, row.extra});
        };
        setup();
        CHECK(bench.engine.far_jump(kGate, 0, 4) == (row.jump ? kNoFault : gp(kTarget)));
        setup();
        CHECK(bench.engine.far_call(kGate, 0, 4) == (row.call ? kNoFault : gp(kTarget)));
    }
}

TEST_CASE("the new stack is checked before the entry point and the parameters") {
    const auto limit_stack = [](u32 limit) {
        return [limit](Bench& bench) {
            bench.set_descriptor(kData0, make_segment(0, limit, kDataSegment | kSegmentBig));
        };
    };
    const auto beyond = [](Bench& bench) {
        bench.set_descriptor(kGate, make_gate(SystemType::kCallGate32, kTarget, 0x10000, 3, 2));
    };
    check_refusals(
        {{"null", [](Bench& b) { b.write<u16>(kTss + 8, 0); }, ts(0)},
         {"wrong level", [](Bench& b) { b.write<u16>(kTss + 8, kData3); }, ts(kData3 & ~3)},
         {"absent", [](Bench& b) { b.change_attributes(kData0, kSegmentPresent, 0); }, ss(kData0)},
         {"short TSS", [](Bench& b) { b.state.tr.limit = 8; }, ts(kTssSelector)},
         {"no room at the top", limit_stack(kStack0 - 2), ss(kData0)},
         {"no room at the bottom",
          [&](Bench& b) {
              limit_stack(0xffff)(b);
              b.write<u32>(kTss + 4, 23);
          },
          ss(kData0)},
         {"room, but not for the entry point", beyond, gp(0)},
         {"no room and no entry point",
          [&](Bench& b) {
              beyond(b);
              limit_stack(kStack0 - 2)(b);
          },
          ss(kData0)},
         {"the caller's stack ends within the parameters",
          [](Bench& b) {
              b.segment(SegmentName::kSs).limit = kStack3 + 6;
              b.segment(SegmentName::kSs).update();
          },
          ss(0)}},
        [](Bench& bench) {
            bench.protected_mode(3);
            set_gate(bench, {SystemType::kCallGate32, 0, 2});
        },
        [](Bench& bench) { return bench.engine.far_call(kGate | 3, 0, 4); });
}

TEST_CASE("a call to the same level checks its stack first") {
    check_refusals(
        {{"stack", [](Bench& b) { b.set_esp(4); }, ss(0)}},
        [](Bench& bench) {
            bench.protected_mode(3);
            set_gate(bench, {SystemType::kCallGate32, 3});
            bench.set_descriptor(kGate, make_gate(SystemType::kCallGate32, kTarget, 0x10000, 3));
            bench.set_segment(SegmentName::kSs,
                              make_segment(0, 0xffff, kDataSegment | kSegmentBig | dpl(3)), kData3);
        },
        [](Bench& bench) { return bench.engine.far_call(kGate | 3, 0, 4); });
}

TEST_CASE("page faults in the middle of a gate change nothing") {
    check_refusals(
        {{"new stack", [](Bench& b) { b.change_page(kStack0 - 4, 1); },
          Fault::page(kPageFaultWrite, {kStack0 - 4})},
         {"TSS", [](Bench& b) { b.change_page(kTss, 1); }, Fault::page(0, {kTss + 4})},
         {"parameters", [](Bench& b) { b.change_page(kStack3, 4); },
          Fault::page(kPageFaultPresent | kPageFaultUser, {kStack3})},
         {"accessed bit",
          [](Bench& b) {
              b.change_attributes(kTarget, kSegmentAccessed, 0);
              b.change_page(kGdt, 2);
          },
          Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kTarget + 5})}},
        [](Bench& bench) {
            bench.protected_mode(3);
            set_gate(bench, {SystemType::kCallGate32, 0, 2});
            bench.enable_paging();
        },
        [](Bench& bench) { return bench.engine.far_call(kGate | 3, 0, 4); });
}

TEST_CASE("a supervisor's stack is written with supervisor rights") {
    Bench bench;
    bench.protected_mode(3);
    set_gate(bench, {SystemType::kCallGate32, 0, 1});
    bench.enable_paging();
    bench.change_page(kStack0 - 4, 4);
    CHECK(bench.engine.far_call(kGate | 3, 0, 4) == kNoFault);
}

}  // namespace seventeen::privilege
