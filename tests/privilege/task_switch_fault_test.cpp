// Tests of task switches that fail: before the commit point and in the new task.
#include "tests/privilege/two_tasks.h"

namespace seventeen::privilege {

namespace {

// A new task that cannot be loaded: what `prepare` spoils, and the exception it meets.
struct FaultyTask {
    const char* what;
    std::function<void(Bench&)> prepare;
    Vector vector;
    u32 code;
};

std::vector<FaultyTask> faulty_tasks() {
    const auto use = [](Field name, u32 attributes, unsigned rpl = 3) {
        return [=](Bench& bench) {
            bench.set_descriptor(kOther, make_segment(0, 0xffff, attributes));
            set_field(bench, name, kOther | rpl);
        };
    };
    constexpr u32 kAbsent = ~kSegmentPresent;
    constexpr Vector kTsFault = Vector::kInvalidTss;
    constexpr Vector kNpFault = Vector::kSegmentNotPresent;
    return {
        {"local LDT", field(kLdtField, kLdtSelector | 4), kTsFault, kLdtSelector | 4},
        {"LDT beyond the GDT", field(kLdtField, 0x100), kTsFault, 0x100},
        {"not an LDT", field(kLdtField, kData0), kTsFault, kData0},
        {"absent LDT", use(kLdtField, system(SystemType::kLdt) & kAbsent, 0), kTsFault, kOther},
        {"null CS", field(kCs, 3), kTsFault, 0},
        {"CS beyond the LDT", field(kCs, 0x0f), kTsFault, 0x0c},
        {"CS is data", use(kCs, kDataSegment | dpl(3)), kTsFault, kOther},
        {"CS's DPL", use(kCs, kCodeSegment | dpl(2)), kTsFault, kOther},
        {"conforming CS's DPL", use(kCs, kCodeSegment | kSegmentConforming | dpl(3), 2), kTsFault,
         kOther},
        {"absent CS", use(kCs, (kCodeSegment | dpl(3)) & kAbsent), kNpFault, kOther},
        {"null SS", field(kSs, 0), kTsFault, 0},
        {"SS beyond the GDT", field(kSs, 0x103), kTsFault, 0x100},
        {"SS is code", use(kSs, kCodeSegment | dpl(3)), kTsFault, kOther},
        {"SS's DPL", use(kSs, kDataSegment | dpl(2)), kTsFault, kOther},
        {"SS's RPL", use(kSs, kDataSegment | dpl(3), 2), kTsFault, kOther},
        {"absent SS", use(kSs, (kDataSegment | dpl(3)) & kAbsent), Vector::kStackFault, kOther},
        {"DS's DPL", use(kDs, kDataSegment | dpl(2)), kTsFault, kOther},
        {"ES is execute-only", use(kEs, (kCodeSegment | dpl(3)) & ~kSegmentReadable), kTsFault,
         kOther},
        {"FS is a TSS", field(kFs, kNewTss), kTsFault, kNewTss},
        {"absent GS", use(kGs, (kDataSegment | dpl(3)) & kAbsent), kNpFault, kOther},
        {"EIP",
         [use](Bench& b) {
             use(kCs, kCodeSegment | dpl(3))(b);
             set_field(b, kEip, 0x10000);
         },
         Vector::kGeneralProtection, 0},
    };
}

}  // namespace

TEST_CASE("targets of jumps, calls and interrupts") {
    const auto attributes = [](u32 clear, u32 set) {
        return [=](Bench& bench) { bench.change_attributes(kNewTss, clear, set); };
    };
    const auto limit = [](u32 value) {
        return [value](Bench& bench) {
            bench.set_descriptor(kNewTss,
                                 make_segment(kOtherTss, value, system(SystemType::kTss32)));
        };
    };
    const auto rows = [&](u32 ext) -> std::vector<Refusal> {
        return {
            {"busy", attributes(0, kSystemTypeBusy), gp(kNewTss | ext)},
            {"absent", attributes(kSegmentPresent, 0), np(kNewTss | ext)},
            {"absent and busy", attributes(kSegmentPresent, kSystemTypeBusy), gp(kNewTss | ext)},
            {"too short", limit(0x66), ts(kNewTss | ext)},
            {"too short for 16 bits",
             [](Bench& b) {
                 b.set_descriptor(kNewTss,
                                  make_segment(kOtherTss, 0x2a, system(SystemType::kTss16)));
             },
             ts(kNewTss | ext)},
            {"old TSS too short", [](Bench& b) { b.state.tr.limit = 0x5e; }, ts(kOldTss | ext)}};
    };
    const auto setup = [](Bench& bench) { set_tasks(bench); };
    for (const Refusal& row : rows(0)) {
        check_refusals({row}, setup, [](Bench& b) { return b.engine.far_jump(kNewTss, 0, 4); });
        check_refusals({row}, setup, [](Bench& b) { return b.engine.far_call(kGate, 0, 4); });
        check_refusals({row}, setup, [](Bench& b) {
            return b.engine.software_interrupt(kVector, SoftwareInterrupt::kIntN);
        });
    }
    for (const Refusal& row : rows(kErrorExternal))
        check_refusals({row}, setup, [](Bench& b) {
            return b.engine.software_interrupt(kVector, SoftwareInterrupt::kIcebp);
        });
}

TEST_CASE("a task cannot jump to or call itself") {
    const auto setup = [](Bench& bench) { set_tasks(bench); };
    check_refusals({{"itself", [](Bench&) {}, gp(kOldTss)}}, setup,
                   [](Bench& b) { return b.engine.far_jump(kOldTss, 0, 4); });
    check_refusals({{"itself", [](Bench&) {}, gp(kOldTss)}}, setup,
                   [](Bench& b) { return b.engine.far_call(kOldTss, 0, 4); });
}

TEST_CASE("back links") {
    const auto link = [](u16 selector) {
        return [selector](Bench& bench) { bench.write<u16>(kTss, selector); };
    };
    check_refusals(
        {{"local", link(kNewTss | 4), ts(kNewTss | 4)},
         {"beyond the GDT", link(0x103), ts(0x100)},
         {"null", link(0), ts(0)},
         {"not a TSS", link(kData0), ts(kData0)},
         {"available", [](Bench& b) { b.change_attributes(kNewTss, kSystemTypeBusy, 0); },
          ts(kNewTss)},
         {"absent", [](Bench& b) { b.change_attributes(kNewTss, kSegmentPresent, 0); },
          np(kNewTss)},
         {"too short",
          [](Bench& b) {
              b.set_descriptor(kNewTss,
                               make_segment(kOtherTss, 0x66, system(SystemType::kTss32Busy)));
          },
          ts(kNewTss)}},
        [](Bench& bench) {
            set_nested(bench);
            bench.state.attention = true;
        },
        [](Bench& bench) { return bench.engine.interrupt_return(4); });
}

TEST_CASE("page faults before the commit point change nothing") {
    const u32 write = kPageFaultPresent | kPageFaultWrite;
    check_refusals(
        {{"new TSS", [](Bench& b) { b.change_page(kOtherTss, 1); }, Fault::page(0, {kOtherTss})},
         {"old TSS", [](Bench& b) { b.change_page(kTss, 2); }, Fault::page(write, {kTss + kEip})},
         {"link", [](Bench& b) { b.change_page(kOtherTss, 2); }, Fault::page(write, {kOtherTss})},
         {"busy bit", [](Bench& b) { b.change_page(kGdt, 2); },
          Fault::page(write, {kGdt + kNewTss + 5})}},
        [](Bench& bench) {
            set_tasks(bench);
            bench.enable_paging();
        },
        [](Bench& bench) { return bench.engine.far_call(kNewTss, 0, 4); });
    // A jump writes no link.
    Bench bench;
    set_tasks(bench);
    bench.enable_paging();
    set_field(bench, kCr3, kPageDirectory);
    bench.change_page(kOtherTss, 2);
    CHECK(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.tr.selector == kNewTss);
}

TEST_CASE("faults of the new task are delivered in it") {
    for (const FaultyTask& row : faulty_tasks()) {
        for (bool external : {false, true}) {
            INFO(row.what << (external ? ", interrupt" : ", call"));
            Bench bench;
            set_tasks(bench);
            row.prepare(bench);
            const u32 eip = bench.dword(kOtherTss + kEip);
            const u16 cs = bench.word(kOtherTss + kCs);
            if (external)
                bench.engine.deliver_external(kVector);
            else
                REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
            // The switch stands, the handler runs on the new task's level-0 stack.
            CHECK(bench.state.tr.selector == kNewTss);
            check_saved(bench, kOldFlags);
            CHECK(busy(bench, kNewTss));
            CHECK(bench.state.rip == 0x7000 + static_cast<u32>(row.vector));
            CHECK(bench.state.cpl == 0);
            REQUIRE(bench.esp() == kStack0 + 0x800 - 24);
            CHECK(bench.dword(bench.esp()) == (row.code | (external ? kErrorExternal : 0)));
            CHECK(bench.dword(bench.esp() + 4) == eip);
            CHECK(bench.word(bench.esp() + 8) == cs);
            CHECK(bench.dword(bench.esp() + 16) == kNewStack);
        }
    }
}

TEST_CASE("segments behind the one that faults keep their selectors but cannot be used") {
    Bench bench;
    set_tasks(bench);
    set_field(bench, kDs, kNewTss);
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.rip == kTsEntry);
    CHECK(bench.selector(SegmentName::kDs) == kNewTss);
    CHECK_FALSE(bench.segment(SegmentName::kDs).usable());
    CHECK(bench.selector(SegmentName::kGs) == kData3);
    CHECK_FALSE(bench.segment(SegmentName::kGs).usable());
}

TEST_CASE("a V86 task's EIP is limited to 64 KiB") {
    Bench bench;
    set_tasks(bench);
    set_field(bench, kEflags, kFlagVm);
    set_field(bench, kEip, 0x10000);
    REQUIRE(bench.engine.far_call(kNewTss, 0, 4) == kNoFault);
    CHECK(bench.state.rip == 0x7000 + 13);
    CHECK_FALSE(bench.state.v86());
    CHECK(bench.dword(bench.esp() + 4) == 0x10000);
}

TEST_CASE("no room for the error code is a fault of the new task") {
    Bench bench;
    set_tasks(bench);
    bench.set_gate(static_cast<u8>(Vector::kAlignmentCheck),
                   make_gate(SystemType::kTaskGate, kNewTss, 0));
    bench.set_descriptor(kOther, make_segment(0, 0xffff, kDataSegment | kSegmentBig | dpl(3)));
    set_field(bench, kSs, kOther | 3);
    set_field(bench, kEsp, 2);
    bench.engine.deliver(Fault::with_code(Vector::kAlignmentCheck, 0));
    CHECK(bench.state.rip == 0x7000 + 12);
    CHECK(bench.dword(bench.esp()) == kErrorExternal);
    CHECK(bench.dword(bench.esp() + 4) == kNewEntry);
}

TEST_CASE("a contributory fault's task that cannot be loaded is a double fault") {
    Bench bench;
    set_tasks(bench);
    bench.set_gate(static_cast<u8>(Vector::kGeneralProtection),
                   make_gate(SystemType::kTaskGate, kNewTss, 0));
    set_field(bench, kSs, 0);
    bench.engine.deliver(gp(0));
    CHECK(bench.state.tr.selector == kNewTss);
    CHECK(bench.state.rip == 0x7000 + 8);
}

TEST_CASE("a single-stepped switch is trapped in the new task, unless that faults") {
    for (bool faulty : {false, true}) {
        Bench bench;
        set_tasks(bench);
        if (faulty) set_field(bench, kDs, kNewTss);
        bench.state.system_flags |= kFlagTf;
        REQUIRE(bench.engine.begin_careful() == kNoFault);
        REQUIRE(bench.engine.far_jump(kNewTss, 0, 4) == kNoFault);
        bench.engine.end_careful();
        CHECK(bench.state.rip == (faulty ? kTsEntry : kNewEntry));
        CHECK((bench.state.pending_debug != 0) == !faulty);
    }
}

}  // namespace seventeen::privilege
