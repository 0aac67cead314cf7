// Tests of MOV/POP to segment registers, LLDT and LTR.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kReadOnlyData = kSegmentPresent | kSegmentNotSystem | kSegmentAccessed;
constexpr u32 kExecuteOnly = kReadOnlyData | kSegmentCode;

// A descriptor of the given attributes at kFree, to be loaded with `rpl` at `cpl`.
struct LoadRow {
    const char* what;
    unsigned cpl;
    unsigned rpl;
    u32 attributes;
    Fault expected;
};

void check_loads(SegmentName name, std::initializer_list<LoadRow> rows) {
    for (const LoadRow& row : rows) {
        INFO(row.what);
        Bench bench;
        bench.protected_mode(row.cpl);
        bench.set_descriptor(kFree, make_segment(0x12345, 0xfff, row.attributes));
        const u16 selector = static_cast<u16>(kFree | row.rpl);
        if (row.expected) {
            check_refused(bench, row.expected,
                          [&] { return bench.engine.load_segment(name, selector); });
            continue;
        }
        bench.state.attention = false;
        CHECK(bench.engine.load_segment(name, selector) == kNoFault);
        CHECK(bench.selector(name) == selector);
        CHECK(bench.segment(name).base == 0x12345);
        CHECK(bench.segment(name).limit == 0xfff);
        CHECK(bench.segment(name).attributes == (row.attributes | kSegmentAccessed));
        const bool expand_down =
            row.attributes & kSegmentExpandDown && !(row.attributes & kSegmentCode);
        CHECK(bench.segment(name).may_read(0xfff, 1) == !expand_down);
        CHECK(bench.descriptor(kFree).attributes() == (row.attributes | kSegmentAccessed));
        CHECK(bench.state.attention);
    }
}

}  // namespace

TEST_CASE("data segments are checked for type, rights and presence") {
    const Fault denied = gp(kFree);
    for (SegmentName name :
         {SegmentName::kDs, SegmentName::kEs, SegmentName::kFs, SegmentName::kGs}) {
        check_loads(
            name,
            {{"data of level 3", 3, 3, kDataSegment | dpl(3), {}},
             {"not accessed yet", 3, 3, (kDataSegment & ~kSegmentAccessed) | dpl(3), {}},
             {"read-only data", 0, 0, kReadOnlyData, {}},
             {"expand-down data", 0, 0, kDataSegment | kSegmentExpandDown | kSegmentBig, {}},
             {"data of an outer level", 0, 3, kDataSegment | dpl(3), {}},
             {"RPL inside CPL does not matter", 3, 0, kDataSegment | dpl(3), {}},
             {"readable code", 3, 3, kCodeSegment | dpl(3), {}},
             {"conforming code of an inner level", 3, 3, kCodeSegment | kSegmentConforming, {}},
             {"CPL beyond DPL", 3, 0, kDataSegment | dpl(2), denied},
             {"RPL beyond DPL", 0, 3, kDataSegment | dpl(2), denied},
             {"code of an inner level", 3, 3, kCodeSegment | dpl(0), denied},
             {"execute-only code", 0, 0, kExecuteOnly, denied},
             {"execute-only conforming code", 0, 0, kExecuteOnly | kSegmentConforming, denied},
             {"a TSS", 0, 0, system(SystemType::kTss32), denied},
             {"a call gate", 0, 0, system(SystemType::kCallGate32), denied},
             {"not present", 0, 0, kDataSegment & ~kSegmentPresent, np(kFree)},
             {"no rights, not present", 3, 3, kDataSegment & ~kSegmentPresent, denied}});
    }
}

TEST_CASE("stack segments are checked for type, rights and presence") {
    const Fault denied = gp(kFree);
    check_loads(SegmentName::kSs,
                {{"data of level 3", 3, 3, kDataSegment | dpl(3), {}},
                 {"data of level 0", 0, 0, kDataSegment | kSegmentBig, {}},
                 {"expand-down data", 0, 0, kDataSegment | kSegmentExpandDown | kSegmentBig, {}},
                 {"not accessed yet", 0, 0, kDataSegment & ~kSegmentAccessed, {}},
                 {"RPL inside CPL", 3, 0, kDataSegment | dpl(3), denied},
                 {"RPL beyond CPL", 0, 3, kDataSegment, denied},
                 {"DPL beyond CPL", 0, 0, kDataSegment | dpl(3), denied},
                 {"DPL inside CPL", 3, 3, kDataSegment | dpl(0), denied},
                 {"read-only data", 0, 0, kReadOnlyData, denied},
                 {"code", 0, 0, kCodeSegment, denied},
                 {"an LDT", 0, 0, system(SystemType::kLdt), denied},
                 {"not present", 0, 0, kDataSegment & ~kSegmentPresent, ss(kFree)},
                 {"wrong level, not present", 3, 3, kDataSegment & ~kSegmentPresent, denied}});
}

TEST_CASE("null selectors unload data segments but never SS") {
    for (u16 null : {0, 1, 2, 3}) {
        Bench bench;
        bench.protected_mode(3);
        CHECK(bench.engine.load_segment(SegmentName::kEs, null) == kNoFault);
        CHECK(bench.selector(SegmentName::kEs) == null);
        CHECK_FALSE(bench.segment(SegmentName::kEs).usable());
        check_refused(bench, gp(0),
                      [&] { return bench.engine.load_segment(SegmentName::kSs, null); });
    }
}

TEST_CASE("selectors beyond their table are refused by name") {
    const auto setup = [](Bench& bench) { bench.protected_mode(0); };
    for (SegmentName name : {SegmentName::kDs, SegmentName::kSs}) {
        check_refusals({{"GDT", [](Bench&) {}, gp(0x100)}}, setup,
                       [name](Bench& bench) { return bench.engine.load_segment(name, 0x103); });
        check_refusals({{"LDT", [](Bench&) {}, gp(0x84)},
                        {"no LDT", [](Bench& b) { b.state.ldtr = null_segment(0); }, gp(0x84)}},
                       setup,
                       [name](Bench& bench) { return bench.engine.load_segment(name, 0x84); });
    }
}

TEST_CASE("a segment of the LDT loads") {
    Bench bench;
    bench.protected_mode(3);
    bench.set_descriptor(0x0f, make_segment(0x4000, 0x7ff, kDataSegment | dpl(3)));
    CHECK(bench.engine.load_segment(SegmentName::kGs, 0x0f) == kNoFault);
    CHECK(bench.selector(SegmentName::kGs) == 0x0f);
    CHECK(bench.segment(SegmentName::kGs).base == 0x4000);
}

TEST_CASE("page faults on the descriptor leave the register alone") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(kFree, make_segment(0, 0xfff, kDataSegment & ~kSegmentAccessed));
    bench.enable_paging();
    bench.change_page(kGdt, 1);
    check_refused(bench, Fault::page(0, {kGdt + kFree}),
                  [&] { return bench.engine.load_segment(SegmentName::kDs, kFree); });
    bench.change_page(kGdt, 2, 1);
    check_refused(bench, Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kFree + 5}),
                  [&] { return bench.engine.load_segment(SegmentName::kDs, kFree); });
}

TEST_CASE("tables are read with supervisor rights") {
    Bench bench;
    bench.protected_mode(3);
    bench.enable_paging();
    bench.change_page(kGdt, 4);
    CHECK(bench.engine.load_segment(SegmentName::kDs, kData3) == kNoFault);
}

TEST_CASE("LLDT loads an LDT of the GDT") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_descriptor(kFree, make_segment(0x7000, 0x1f, system(SystemType::kLdt)));
    CHECK(bench.engine.load_ldtr(kFree) == kNoFault);
    CHECK(bench.state.ldtr.selector == kFree);
    CHECK(bench.state.ldtr.base == 0x7000);
    CHECK(bench.state.ldtr.limit == 0x1f);
    CHECK(bench.engine.load_ldtr(0) == kNoFault);
    CHECK_FALSE(bench.state.ldtr.usable());
}

TEST_CASE("LLDT refuses everything else") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(0);
        bench.set_descriptor(kFree, make_segment(0x7000, 0x1f, system(SystemType::kLdt)));
    };
    check_refusals(
        {{"CPL 1", [](Bench& b) { b.protected_mode(1); }, gp(0)},
         {"V86 mode", [](Bench& b) { b.v86_mode(3); }, Fault::invalid_opcode()},
         {"real mode", [](Bench& b) { b.state.cr0 &= ~kCr0Pe; }, Fault::invalid_opcode()},
         {"a TSS", [](Bench& b) { b.change_attributes(kFree, 0xf, 9); }, gp(kFree)},
         {"data", [](Bench& b) { b.change_attributes(kFree, 0, kSegmentNotSystem); }, gp(kFree)},
         {"absent", [](Bench& b) { b.change_attributes(kFree, kSegmentPresent, 0); }, np(kFree)},
         {"GDT limit", [](Bench& b) { b.state.gdtr.limit = kFree + 6; }, gp(kFree)}},
        setup, [](Bench& bench) { return bench.engine.load_ldtr(kFree); });
    check_refusals({{"an LDT's LDT", [](Bench&) {}, gp(0x0c)}}, setup,
                   [](Bench& bench) { return bench.engine.load_ldtr(0x0c); });
}

TEST_CASE("LTR loads an available TSS and marks it busy") {
    for (SystemType type : {SystemType::kTss16, SystemType::kTss32}) {
        Bench bench;
        bench.protected_mode(0);
        bench.set_descriptor(kFree, make_segment(0x7000, 0x67, system(type)));
        CHECK(bench.engine.load_task_register(kFree) == kNoFault);
        CHECK(bench.state.tr.selector == kFree);
        CHECK(bench.state.tr.base == 0x7000);
        CHECK(bench.state.tr.limit == 0x67);
        CHECK(bench.descriptor(kFree).busy_tss());
        CHECK((bench.state.tr.attributes & kSegmentTypeMask) ==
              (static_cast<u32>(type) | kSystemTypeBusy));
        check_refused(bench, gp(kFree), [&] { return bench.engine.load_task_register(kFree); });
    }
}

TEST_CASE("LTR refuses everything else") {
    const auto setup = [](Bench& bench) {
        bench.protected_mode(0);
        bench.set_descriptor(kFree, make_segment(0x7000, 0x67, system(SystemType::kTss32)));
    };
    check_refusals(
        {{"CPL 3", [](Bench& b) { b.protected_mode(3); }, gp(0)},
         {"V86 mode", [](Bench& b) { b.v86_mode(3); }, Fault::invalid_opcode()},
         {"real mode", [](Bench& b) { b.state.cr0 &= ~kCr0Pe; }, Fault::invalid_opcode()},
         {"an LDT", [](Bench& b) { b.change_attributes(kFree, 0xf, 2); }, gp(kFree)},
         {"busy", [](Bench& b) { b.change_attributes(kFree, 0, 2); }, gp(kFree)},
         {"absent", [](Bench& b) { b.change_attributes(kFree, kSegmentPresent, 0); }, np(kFree)},
         {"GDT limit", [](Bench& b) { b.state.gdtr.limit = kFree + 6; }, gp(kFree)}},
        setup, [](Bench& bench) { return bench.engine.load_task_register(kFree); });
    for (u16 null : {0, 3})
        check_refusals({{"null", [](Bench&) {}, gp(0)}}, setup,
                       [null](Bench& bench) { return bench.engine.load_task_register(null); });
    check_refusals({{"in the LDT", [](Bench&) {}, gp(0x0c)}}, setup,
                   [](Bench& bench) { return bench.engine.load_task_register(0x0c); });
}

TEST_CASE("LTR changes nothing where the busy bit cannot be written") {
    Bench bench;
    bench.protected_mode(0);
    bench.enable_paging();
    bench.change_page(kGdt, 2);
    check_refused(bench,
                  Fault::page(kPageFaultPresent | kPageFaultWrite, {kGdt + kOtherTssSelector + 5u}),
                  [&] { return bench.engine.load_task_register(kOtherTssSelector); });
}

TEST_CASE("real mode and V86 mode load paragraphs unchecked") {
    Bench bench;
    bench.real_mode();
    CHECK(bench.engine.load_segment(SegmentName::kSs, 0) == kNoFault);
    CHECK(bench.segment(SegmentName::kSs).may_write(0, 2));
    bench.v86_mode(0);
    CHECK(bench.engine.load_segment(SegmentName::kSs, 0xfff1) == kNoFault);
    CHECK(bench.segment(SegmentName::kSs).base == 0xfff10);
    CHECK(bench.segment(SegmentName::kSs).attributes == 0xf3);
}

}  // namespace seventeen::privilege
