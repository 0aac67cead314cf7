// Tests of IRET: real mode, V86 mode, protected mode to the same and outer levels and to V86 mode.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kAll = 0xffff'ffff & ~kFlagVm;
constexpr u32 kAllFlags = kFlagsArithmetic | kFlagTf | kFlagIf | kFlagDf | kFlagIopl | kFlagNt |
                          kFlagRf | kFlagAc | kFlagVif | kFlagVip | kFlagId;
constexpr u32 kAlways = kFlagsArithmetic | kFlagTf | kFlagDf | kFlagNt;
constexpr u32 kAlways32 = kAlways | kFlagRf | kFlagAc | kFlagId;

// A frame at linear address `at`, in items of `size` bytes.
void set_frame(Bench& bench, u32 at, unsigned size, std::initializer_list<u32> items) {
    for (u32 item : items) {
        if (size == 4)
            bench.write<u32>(at, item);
        else
            bench.write<u16>(at, static_cast<u16>(item));
        at += size;
    }
}

}  // namespace

TEST_CASE("real mode's IRET changes all flags but VM, VIF and VIP") {
    struct Row {
        unsigned size;
        u32 changed;
    };
    const Row rows[] = {{2, kAlways | kFlagIf | kFlagIopl}, {4, kAlways32 | kFlagIf | kFlagIopl}};
    for (const Row& row : rows) {
        INFO("operand size " << row.size);
        Bench bench;
        bench.real_mode();
        set_frame(bench, 0x9000, row.size, {0x345, 0x2000, 0xffff'ffff});
        bench.state.attention = false;
        REQUIRE(bench.engine.interrupt_return(row.size) == kNoFault);
        CHECK(bench.state.eflags() == (kFlagFixed | row.changed));
        CHECK(bench.selector(SegmentName::kCs) == 0x2000);
        CHECK(bench.state.rip == 0x345);
        CHECK(bench.esp() == 0x1000 + 3 * row.size);
        CHECK(bench.state.attention);
        // The same bits are cleared, the others stay.
        bench.real_mode();
        bench.state.set_eflags(kAllFlags);
        set_frame(bench, 0x9000, row.size, {0x345, 0x2000, 0});
        REQUIRE(bench.engine.interrupt_return(row.size) == kNoFault);
        CHECK(bench.state.eflags() == (kFlagFixed | (kAllFlags & ~row.changed)));
    }
}

TEST_CASE("real mode's IRET checks the stack, then the offset") {
    Bench bench;
    bench.real_mode();
    bench.state.attention = true;
    set_frame(bench, 0x9000, 4, {0x10000, 0x2000, 0});
    check_refused(bench, gp(0), [&] { return bench.engine.interrupt_return(4); });
    bench.set_esp(0xfff6);
    check_refused(bench, ss(0), [&] { return bench.engine.interrupt_return(4); });
    CHECK(bench.engine.interrupt_return(2) == kNoFault);
}

TEST_CASE("V86 mode with IOPL 3 keeps IOPL, VM, VIF and VIP") {
    struct Row {
        unsigned size;
        u32 changed;
    };
    const Row rows[] = {{2, kAlways | kFlagIf}, {4, kAlways32 | kFlagIf}};
    for (const Row& row : rows) {
        for (u64 cr4 : {u64{0}, kCr4Vme}) {
            INFO("operand size " << row.size);
            Bench bench;
            bench.v86_mode(3);
            bench.state.cr4 = cr4;
            set_frame(bench, 0x9000, row.size, {0x345, 0x2000, kAll & ~kFlagIopl});
            REQUIRE(bench.engine.interrupt_return(row.size) == kNoFault);
            CHECK(bench.state.eflags() == (kFlagFixed | kFlagVm | kFlagIopl | row.changed));
            CHECK(bench.state.cpl == 3);
            CHECK(bench.selector(SegmentName::kCs) == 0x2000);
            CHECK(bench.segment(SegmentName::kCs).attributes == 0xf3);
            CHECK(bench.esp() == 0x1000 + 3 * row.size);

            bench.v86_mode(3);
            bench.state.set_eflags(kAllFlags | kFlagVm);
            set_frame(bench, 0x9000, row.size, {0x345, 0x2000, 0});
            REQUIRE(bench.engine.interrupt_return(row.size) == kNoFault);
            CHECK(bench.state.eflags() == (kFlagFixed | kFlagVm | (kAllFlags & ~row.changed)));
        }
    }
}

TEST_CASE("V86 mode with less IOPL leaves IRET to the monitor") {
    for (unsigned iopl : {0u, 2u}) {
        for (unsigned size : {2u, 4u}) {
            Bench bench;
            bench.v86_mode(iopl);
            bench.state.attention = true;
            bench.set_esp(0xffff);  // the stack is not even looked at
            check_refused(bench, gp(0), [&] { return bench.engine.interrupt_return(size); });
        }
    }
}

TEST_CASE("VME puts VIF in the place of IF") {
    struct Row {
        const char* what;
        u32 before;  // beside VM
        u32 image;
        Fault fault;
        u32 after;  // beside VM
    };
    const Row rows[] = {
        {"IF set", 0, kFlagIf, {}, kFlagVif},
        {"IF clear", kFlagVif | kFlagIf, 0, {}, kFlagIf},
        {"others", 0, 0xffff & ~(kFlagTf | kFlagIf), {}, kFlagsArithmetic | kFlagDf | kFlagNt},
        {"others cleared", (kAlways & ~kFlagTf) | kFlagIf, 0, {}, kFlagIf},
        {"TF", 0, kFlagTf, gp(0), 0},
        {"VIP and IF", kFlagVip, kFlagIf, gp(0), 0},
        {"VIP alone", kFlagVip | kFlagVif, 0, {}, kFlagVip},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Bench bench;
        bench.v86_mode(0);
        bench.state.cr4 = kCr4Vme;
        bench.state.set_eflags(kFlagVm | row.before);
        bench.state.attention = true;
        set_frame(bench, 0x9000, 2, {0x345, 0x2000, row.image});
        if (row.fault) {
            check_refused(bench, row.fault, [&] { return bench.engine.interrupt_return(2); });
            continue;
        }
        REQUIRE(bench.engine.interrupt_return(2) == kNoFault);
        CHECK(bench.state.eflags() == (kFlagFixed | kFlagVm | row.after));
        CHECK(bench.state.rip == 0x345);
    }
    Bench bench;
    bench.v86_mode(0);
    bench.state.cr4 = kCr4Vme;
    bench.state.attention = true;
    check_refused(bench, gp(0), [&] { return bench.engine.interrupt_return(4); });
}

TEST_CASE("which flags protected mode's IRET changes") {
    struct Row {
        unsigned cpl;
        unsigned iopl;
        unsigned size;
        u32 changed;
    };
    const u32 virtual_flags = kFlagVif | kFlagVip;
    const Row rows[] = {
        {0, 0, 2, kAlways | kFlagIf | kFlagIopl},
        {0, 0, 4, kAlways32 | kFlagIf | kFlagIopl | virtual_flags},
        {0, 3, 4, kAlways32 | kFlagIf | kFlagIopl | virtual_flags},
        {1, 0, 2, kAlways},
        {1, 0, 4, kAlways32},
        {1, 1, 2, kAlways | kFlagIf},
        {1, 1, 4, kAlways32 | kFlagIf},
        {3, 2, 4, kAlways32},
        {3, 3, 2, kAlways | kFlagIf},
        {3, 3, 4, kAlways32 | kFlagIf},
    };
    for (const Row& row : rows) {
        for (bool outer : {false, true}) {
            if (outer && row.cpl == 3) continue;
            INFO("CPL " << row.cpl << " IOPL " << row.iopl << " size " << row.size << " outer "
                        << outer);
            Bench bench;
            const auto run = [&](u32 before, u32 image) {
                bench.protected_mode(row.cpl);
                bench.state.set_eflags((before & ~(kFlagIopl | kFlagNt)) | row.iopl
                                                                               << kFlagIoplShift);
                const u16 code = outer ? kCode3 : bench.selector(SegmentName::kCs);
                set_frame(bench, bench.esp(), row.size, {0x1234, code, image, 0x8000, kData3});
                REQUIRE(bench.engine.interrupt_return(row.size) == kNoFault);
                return bench.state.eflags();
            };
            const u32 iopl = row.iopl << kFlagIoplShift;
            CHECK(run(0, kAll) == (kFlagFixed | row.changed | iopl));
            const u32 kept = (kAllFlags & ~(kFlagIopl | kFlagNt)) | iopl;
            CHECK(run(kAllFlags, 0) == (kFlagFixed | (kept & ~row.changed)));
        }
    }
}

TEST_CASE("a 486 without some flags never shows them") {
    Bench bench("486");
    bench.protected_mode(0);
    set_frame(bench, kStack0, 4, {0x1234, kCode0, kAll});
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    CHECK(bench.state.eflags() == (bench.engine.model().implemented_flags() & ~kFlagVm));
}

TEST_CASE("IRET to the same level") {
    for (unsigned size : {2u, 4u}) {
        Bench bench;
        bench.protected_mode(3);
        bench.set_descriptor(kFree, make_segment(0x30000, 0xffff, kCodeSegment - 1 + dpl(3)));
        set_frame(bench, kStack3, size, {0x1234, kFree | 3, 0});
        REQUIRE(bench.engine.interrupt_return(size) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == (kFree | 3));
        CHECK(bench.segment(SegmentName::kCs).base == 0x30000);
        CHECK(bench.state.rip == 0x1234);
        CHECK(bench.esp() == kStack3 + 3 * size);
        CHECK(bench.selector(SegmentName::kSs) == kData3);
        CHECK(bench.descriptor(kFree).attributes() & kSegmentAccessed);
    }
}

TEST_CASE("IRET to an outer level takes its stack and drops inner data segments") {
    for (unsigned size : {2u, 4u}) {
        Bench bench;
        bench.protected_mode(0);
        bench.set_segment(SegmentName::kEs, bench.descriptor(kData3), kData3);
        set_frame(bench, kStack0, size, {0x1234, kCode3, kFlagIf, 0x7654, kData3});
        REQUIRE(bench.engine.interrupt_return(size) == kNoFault);
        CHECK(bench.state.cpl == 3);
        CHECK(bench.selector(SegmentName::kCs) == kCode3);
        CHECK(bench.selector(SegmentName::kSs) == kData3);
        CHECK(bench.esp() == 0x7654);
        CHECK(bench.state.flag(kFlagIf));
        CHECK_FALSE(bench.segment(SegmentName::kDs).usable());
        CHECK(bench.selector(SegmentName::kDs) == 0);
        CHECK(bench.segment(SegmentName::kEs).usable());
    }
}

TEST_CASE("IRET to a 16-bit stack leaves the upper half of ESP behind") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_esp(0x12'9000);
    bench.set_descriptor(kFree, make_segment(0, 0xffff, kDataSegment | dpl(3)));
    set_frame(bench, 0x12'9000, 4, {0x1234, kCode3, 0, 0x5555'7654, kFree | 3});
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    CHECK(bench.esp() == 0x12'7654);
}

TEST_CASE("IRET's code and stack segments are checked in order") {
    constexpr u16 kCode = kFree;
    constexpr u16 kStack = kFree + 8;
    const auto frame = [](unsigned index, u32 value) {
        return [=](Bench& bench) { bench.write<u32>(kStack1 + index * 4, value); };
    };
    const auto attributes = [](u16 selector, u32 clear, u32 set) {
        return [=](Bench& bench) { bench.change_attributes(selector, clear, set); };
    };
    const auto end_stack = [](u32 limit) {
        return [limit](Bench& bench) {
            bench.segment(SegmentName::kSs).limit = limit;
            bench.segment(SegmentName::kSs).update();
        };
    };
    check_refusals(
        {{"frame", end_stack(kStack1 + 10), ss(0)},
         {"null code", frame(1, 3), gp(0)},
         {"code beyond the GDT", frame(1, 0x103), gp(0x100)},
         {"inner code", frame(1, kCode0), gp(kCode0)},
         {"data", attributes(kCode, kSegmentCode, 0), gp(kCode)},
         {"code's level", attributes(kCode, kSegmentDplMask, dpl(2)), gp(kCode)},
         {"absent code", attributes(kCode, kSegmentPresent, 0), np(kCode)},
         {"outer frame", end_stack(kStack1 + 18), ss(0)},
         {"null stack", frame(4, 0), gp(0)},
         {"stack beyond the LDT", frame(4, 0x87), gp(0x84)},
         {"stack's RPL", frame(4, kStack), gp(kStack)},
         {"stack's level", attributes(kStack, kSegmentDplMask, 0), gp(kStack)},
         {"read-only stack", attributes(kStack, kSegmentWritable, 0), gp(kStack)},
         {"absent stack", attributes(kStack, kSegmentPresent, 0), ss(kStack)},
         {"entry point", frame(0, 0x10000), gp(0)}},
        [](Bench& bench) {
            bench.protected_mode(1);
            bench.state.attention = true;
            bench.set_descriptor(kCode, make_segment(0, 0xffff, kCodeSegment | dpl(3)));
            bench.set_descriptor(kStack, make_segment(0, 0xffff, kDataSegment | dpl(3)));
            set_frame(bench, kStack1, 4, {0x1234, kCode | 3, 0, 0x7654, kStack | 3});
        },
        [](Bench& bench) { return bench.engine.interrupt_return(4); });
    check_refusals(
        {{"entry point", [](Bench&) {}, gp(0)}},
        [](Bench& bench) {
            bench.protected_mode(3);
            bench.state.attention = true;
            bench.set_descriptor(kCode, make_segment(0, 0xffff, kCodeSegment | dpl(3)));
            set_frame(bench, kStack3, 4, {0x10000, kCode | 3, 0});
        },
        [](Bench& bench) { return bench.engine.interrupt_return(4); });
}

TEST_CASE("IRETD at CPL 0 enters V86 mode") {
    Bench bench;
    bench.protected_mode(0);
    const u32 flags = kFlagVm | kFlagIf | kFlagIopl | kFlagVif | kFlagCf;
    set_frame(bench, kStack0, 4,
              {0x1234, 0xabcd'1000, flags, 0x1'2345, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000});
    bench.state.attention = false;
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    CHECK(bench.state.v86());
    CHECK(bench.state.cpl == 3);
    CHECK(bench.state.eflags() == (flags | kFlagFixed));
    CHECK(bench.state.rip == 0x1234);
    CHECK(bench.esp() == 0x1'2345);
    const std::pair<SegmentName, u16> segments[] = {
        {SegmentName::kCs, 0x1000}, {SegmentName::kSs, 0x2000}, {SegmentName::kEs, 0x3000},
        {SegmentName::kDs, 0x4000}, {SegmentName::kFs, 0x5000}, {SegmentName::kGs, 0x6000}};
    for (const auto& [name, selector] : segments)
        CHECK(bench.segment(name) == v86_segment(selector));
    CHECK(bench.state.attention);
}

TEST_CASE("V86 mode is entered from CPL 0 and by IRETD only") {
    Bench bench;
    bench.protected_mode(3);
    set_frame(bench, kStack3, 4, {0x1234, kCode3, kFlagVm});
    REQUIRE(bench.engine.interrupt_return(4) == kNoFault);
    CHECK_FALSE(bench.state.v86());
    CHECK(bench.selector(SegmentName::kCs) == kCode3);

    check_refusals(
        {{"offset", [](Bench& b) { b.write<u32>(kStack0, 0x10000); }, gp(0)},
         {"stack",
          [](Bench& b) {
              b.segment(SegmentName::kSs).limit = kStack0 + 34;
              b.segment(SegmentName::kSs).update();
          },
          ss(0)}},
        [](Bench& b) {
            b.protected_mode(0);
            b.state.attention = true;
            set_frame(b, kStack0, 4, {0x1234, 0x1000, kFlagVm, 0, 0, 0, 0, 0, 0});
        },
        [](Bench& b) { return b.engine.interrupt_return(4); });
}

TEST_CASE("IRET lets NMIs in, even where it faults") {
    Bench bench;
    bench.v86_mode(0);
    bench.state.nmi_blocked = true;
    CHECK(bench.engine.interrupt_return(2) == gp(0));
    CHECK_FALSE(bench.state.nmi_blocked);

    bench.real_mode();
    bench.state.nmi_blocked = true;
    bench.state.attention = false;
    CHECK(bench.engine.interrupt_return(2) == kNoFault);
    CHECK_FALSE(bench.state.nmi_blocked);
    CHECK(bench.state.attention);
}

TEST_CASE("NT matters in protected mode only") {
    Bench bench;
    bench.real_mode();
    bench.state.system_flags |= kFlagNt;
    set_frame(bench, 0x9000, 2, {0x345, 0x2000, 0});
    CHECK(bench.engine.interrupt_return(2) == kNoFault);
    CHECK(bench.state.rip == 0x345);
    bench.v86_mode(3);
    bench.state.system_flags |= kFlagNt;
    CHECK(bench.engine.interrupt_return(2) == kNoFault);
    CHECK(bench.state.rip == 0x345);
}

}  // namespace seventeen::privilege
