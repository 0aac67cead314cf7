// Tests of INT n, INT3, INTO and ICEBP: rights, virtual-8086 mode, VME's redirection.
#include "privilege/debug_registers.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u8 kVector = 0x41;
constexpr u32 kMapBase = 0x100;  // of the I/O map in the TSS
using Kind = SoftwareInterrupt;

void set_gates(Bench& bench, unsigned level) {
    for (unsigned vector = 0; vector < 256; ++vector)
        bench.set_gate(static_cast<u8>(vector),
                       make_gate(SystemType::kInterruptGate32, kCode0, 0x7000 + vector, level));
}

// V86 mode with every gate at level 3 and an 8086 handler at 3000:0345 for kVector.
void enter_v86(Bench& bench, unsigned iopl, bool vme, bool monitored) {
    bench.v86_mode(iopl);
    set_gates(bench, 3);
    bench.set_words(kVector * 4, {0x345, 0x3000});
    bench.write<u16>(kTss + 102, kMapBase);
    bench.write<u8>(kTss + kMapBase - 32 + kVector / 8, monitored ? 1 << kVector % 8 : 0);
    if (vme) bench.state.cr4 |= kCr4Vme;
}

bool in_monitor(const Bench& bench) {
    return !bench.state.v86() && bench.state.cpl == 0;
}

}  // namespace

TEST_CASE("protected mode holds programs to the gate's level, but not ICEBP") {
    struct Row {
        Kind kind;
        u8 vector;
        bool checked;
    };
    constexpr Row kRows[] = {{Kind::kIntN, kVector, true},
                             {Kind::kInt3, 3, true},
                             {Kind::kInto, 4, true},
                             {Kind::kIcebp, 1, false}};
    for (const Row& row : kRows) {
        INFO("vector " << unsigned{row.vector});
        Bench bench;
        bench.protected_mode(3);
        set_gates(bench, 3);
        bench.state.system_flags |= kFlagRf | kFlagTf;
        REQUIRE(bench.engine.software_interrupt(row.vector, row.kind) == kNoFault);
        CHECK(bench.state.rip == 0x7000u + row.vector);
        CHECK(bench.state.cpl == 0);
        REQUIRE(bench.esp() == kStack0 - 20);
        CHECK(bench.dword(kStack0 - 20) == 0x6000);
        CHECK(bench.dword(kStack0 - 12) == (kFlagFixed | kFlagTf));  // RF was cleared before
        CHECK_FALSE(bench.state.flag(kFlagTf | kFlagRf));

        bench.protected_mode(3);
        set_gates(bench, 0);
        if (row.checked)
            check_refused(bench, gp(row.vector * 8 + kErrorIdt),
                          [&] { return bench.engine.software_interrupt(row.vector, row.kind); });
        else
            CHECK(bench.engine.software_interrupt(row.vector, row.kind) == kNoFault);
    }
}

TEST_CASE("only ICEBP's faults bear the EXT bit") {
    for (Kind kind : {Kind::kIntN, Kind::kInt3, Kind::kInto, Kind::kIcebp}) {
        const u32 ext = kind == Kind::kIcebp ? kErrorExternal : 0;
        const auto operation = [kind](Bench& bench) {
            return bench.engine.software_interrupt(1, kind);
        };
        check_refusals(
            {{"absent gate",
              [](Bench& b) {
                  b.set_gate(1, make_segment(0, 0, static_cast<u32>(SystemType::kTrapGate32)));
              },
              np(8 | kErrorIdt | ext)},
             {"absent handler", [](Bench& b) { b.change_attributes(kCode0, kSegmentPresent, 0); },
              np(kCode0 | ext)},
             {"no stack",
              [](Bench& b) {
                  b.segment(SegmentName::kSs).limit = 0x10;
                  b.segment(SegmentName::kSs).update();
              },
              ss(ext)}},
            [](Bench& bench) {
                bench.protected_mode(0);
                set_gates(bench, 0);
            },
            operation);
    }
}

TEST_CASE("real mode takes all of them through the vector table") {
    for (Kind kind : {Kind::kIntN, Kind::kInt3, Kind::kInto, Kind::kIcebp}) {
        Bench bench;
        bench.real_mode();
        bench.set_words(kVector * 4, {0x345, 0x3000});
        REQUIRE(bench.engine.software_interrupt(kVector, kind) == kNoFault);
        CHECK(bench.selector(SegmentName::kCs) == 0x3000);
        CHECK(bench.word(0x8ffa) == 0x100);
    }
}

TEST_CASE("V86 mode: the six methods of INT n") {
    struct Row {
        const char* what;
        bool vme;
        unsigned iopl;
        bool monitored;
        enum Outcome { kMonitor, kFault, kProgram } outcome;
    };
    constexpr Row kRows[] = {
        {"1, bit clear", false, 3, false, Row::kMonitor},
        {"1, bit set", false, 3, true, Row::kMonitor},
        {"2, bit clear", false, 2, false, Row::kFault},
        {"2, bit set", false, 0, true, Row::kFault},
        {"3", true, 2, true, Row::kFault},
        {"4", true, 3, true, Row::kMonitor},
        {"5", true, 3, false, Row::kProgram},
        {"6", true, 0, false, Row::kProgram},
    };
    for (const Row& row : kRows) {
        INFO("method " << row.what);
        Bench bench;
        enter_v86(bench, row.iopl, row.vme, row.monitored);
        if (row.outcome == Row::kFault) {
            check_refused(bench, gp(0),
                          [&] { return bench.engine.software_interrupt(kVector, Kind::kIntN); });
            continue;
        }
        REQUIRE(bench.engine.software_interrupt(kVector, Kind::kIntN) == kNoFault);
        CHECK(in_monitor(bench) == (row.outcome == Row::kMonitor));
        if (row.outcome == Row::kProgram) CHECK(bench.selector(SegmentName::kCs) == 0x3000);
        if (row.outcome == Row::kMonitor) CHECK(bench.state.rip == 0x7000u + kVector);
    }
}

TEST_CASE("a redirected interrupt is an 8086's") {
    struct Row {
        const char* what;
        unsigned iopl;
        u32 flags;   // IF, VIF and others before
        u32 pushed;  // 16 bits
        u32 after;   // system flags, without VM and IOPL
    };
    const u32 common = kFlagNt | kFlagTf | kFlagRf;
    const Row rows[] = {
        {"IOPL 3, IF", 3, common | kFlagIf | kFlagVif,
         kFlagFixed | kFlagNt | kFlagTf | kFlagIf | kFlagIopl, kFlagFixed | kFlagNt | kFlagVif},
        {"IOPL 3, no IF", 3, common, kFlagFixed | kFlagNt | kFlagTf | kFlagIopl,
         kFlagFixed | kFlagNt},
        {"IOPL 0, VIF", 0, common | kFlagVif | kFlagIf,
         kFlagFixed | kFlagNt | kFlagTf | kFlagIf | kFlagIopl, kFlagFixed | kFlagNt | kFlagIf},
        {"IOPL 0, no VIF", 0, common | kFlagIf, kFlagFixed | kFlagNt | kFlagTf | kFlagIopl,
         kFlagFixed | kFlagNt | kFlagIf},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Bench bench;
        enter_v86(bench, row.iopl, true, false);
        bench.state.system_flags |= row.flags;
        bench.state.attention = false;
        REQUIRE(bench.engine.software_interrupt(kVector, Kind::kIntN) == kNoFault);
        CHECK(bench.state.v86());
        CHECK(bench.state.cpl == 3);
        CHECK(bench.state.iopl() == row.iopl);
        CHECK(bench.selector(SegmentName::kCs) == 0x3000);
        CHECK(bench.state.rip == 0x345);
        CHECK(bench.esp() == 0xffa);
        CHECK(bench.word(0x8ffe) == row.pushed);
        CHECK(bench.word(0x8ffc) == 0x1000);
        CHECK(bench.word(0x8ffa) == 0x100);
        CHECK((bench.state.eflags() & ~(kFlagVm | kFlagIopl)) == row.after);
        CHECK(bench.state.attention);
    }
}

TEST_CASE("redirection needs a 32-bit TSS with a bitmap") {
    check_refusals(
        {{"limit before the map base", [](Bench& b) { b.state.tr.limit = 102; }, gp(0)},
         {"limit before the bitmap",
          [](Bench& b) { b.state.tr.limit = kMapBase - 32 + kVector / 8 - 1; }, gp(0)},
         {"no room for a bitmap", [](Bench& b) { b.write<u16>(kTss + 102, 10); }, gp(0)},
         {"a 16-bit TSS", [](Bench& b) { b.state.tr.attributes = system(SystemType::kTss16Busy); },
          gp(0)},
         {"the stack", [](Bench& b) { b.set_esp(3); }, ss(0)}},
        [](Bench& bench) { enter_v86(bench, 3, true, false); },
        [](Bench& bench) { return bench.engine.software_interrupt(kVector, Kind::kIntN); });
    Bench bench;
    enter_v86(bench, 3, true, false);
    bench.state.tr.limit = kMapBase - 32 + kVector / 8;
    CHECK(bench.engine.software_interrupt(kVector, Kind::kIntN) == kNoFault);
}

TEST_CASE("INT3, INTO and ICEBP care neither for IOPL nor for the bitmap") {
    for (Kind kind : {Kind::kInt3, Kind::kInto, Kind::kIcebp}) {
        for (bool vme : {false, true}) {
            Bench bench;
            enter_v86(bench, 0, vme, false);
            REQUIRE(bench.engine.software_interrupt(kVector, kind) == kNoFault);
            CHECK(in_monitor(bench));
            CHECK(bench.state.rip == 0x7000u + kVector);
        }
    }
}

TEST_CASE("in V86 mode too the gate must be of level 3") {
    for (Kind kind : {Kind::kIntN, Kind::kInt3, Kind::kInto}) {
        check_refusals(
            {{"level 0", [](Bench& b) { set_gates(b, 0); }, gp(kVector * 8 + kErrorIdt)}},
            [](Bench& bench) { enter_v86(bench, 3, false, false); },
            [kind](Bench& bench) { return bench.engine.software_interrupt(kVector, kind); });
    }
}

TEST_CASE("a single-stepped software interrupt is not trapped") {
    for (bool fails : {false, true}) {
        Bench bench;
        bench.protected_mode(0);
        set_gates(bench, 0);
        bench.state.system_flags |= kFlagTf;
        REQUIRE(bench.engine.begin_careful() == kNoFault);
        if (fails) {
            bench.state.idtr.limit = 0;
            CHECK(bench.engine.software_interrupt(kVector, Kind::kIntN).vector ==
                  Vector::kGeneralProtection);
            continue;
        }
        REQUIRE(bench.engine.software_interrupt(kVector, Kind::kIntN) == kNoFault);
        bench.engine.end_careful();
        CHECK(bench.state.pending_debug == 0);
    }
}

TEST_CASE("ICEBP lets its handler reach the debug registers") {
    Bench bench;
    bench.protected_mode(0);
    set_gates(bench, 0);
    bench.state.dr[7] |= kDr7GeneralDetect;
    const u64 dr6 = bench.state.dr[6];
    REQUIRE(bench.engine.software_interrupt(1, Kind::kIcebp) == kNoFault);
    CHECK_FALSE(bench.state.dr[7] & kDr7GeneralDetect);
    CHECK(bench.state.dr[6] == dr6);
}

}  // namespace seventeen::privilege
