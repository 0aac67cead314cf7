// Tests of delivery: what is pushed for which event, escalation to #DF and to shutdown.
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kEntryBase = 0x7000;  // the handler of vector n starts at kEntryBase + n

void set_all_gates(Bench& bench) {
    for (unsigned vector = 0; vector < 256; ++vector)
        bench.set_gate(static_cast<u8>(vector),
                       make_gate(SystemType::kInterruptGate32, kCode0, kEntryBase + vector));
}

void break_gate(Bench& bench, Vector vector) {
    Descriptor gate = make_gate(SystemType::kInterruptGate32, kCode0, 0);
    gate.high &= ~(kSegmentPresent << 8);
    bench.set_gate(static_cast<u8>(vector), gate);
}

u32 entered(const Bench& bench) {
    return bench.state.eip() - kEntryBase;
}

// A handler whose code segment lies in the LDT, and the LDT in an absent page: a page fault on the
// way to this vector, and only there.
void hide_gate(Bench& bench, Vector vector) {
    bench.set_descriptor(0x0c, make_segment(0, 0xfffff, kCodeSegment | kFlat32));
    bench.set_gate(static_cast<u8>(vector),
                   make_gate(SystemType::kInterruptGate32, 0x0c, kEntryBase));
    bench.change_page(kLdt, 1);
}

constexpr u32 kHidden = kLdt + 8;

}  // namespace

TEST_CASE("faults push RF, traps and interrupts push it as it stands") {
    struct Row {
        Vector vector;
        bool error_code;
        bool pushes_rf;
    };
    constexpr Row kRows[] = {
        {Vector::kDivideError, false, true},        {Vector::kDebug, false, false},
        {Vector::kBreakpoint, false, false},        {Vector::kOverflow, false, false},
        {Vector::kBoundRange, false, true},         {Vector::kInvalidOpcode, false, true},
        {Vector::kDeviceNotAvailable, false, true}, {Vector::kDoubleFault, true, false},
        {Vector::kInvalidTss, true, true},          {Vector::kSegmentNotPresent, true, true},
        {Vector::kStackFault, true, true},          {Vector::kGeneralProtection, true, true},
        {Vector::kPageFault, true, true},           {Vector::kX87Error, false, true},
        {Vector::kAlignmentCheck, true, true},      {Vector::kSimdError, false, true},
    };
    for (const Row& row : kRows) {
        for (u32 rf : {0u, kFlagRf}) {
            INFO("vector " << static_cast<unsigned>(row.vector) << " RF " << rf);
            Bench bench;
            bench.protected_mode(0);
            set_all_gates(bench);
            bench.state.system_flags |= rf;
            bench.state.cr0 |= kCr0Ne;  // or an x87 error is no exception
            bench.engine.deliver(row.error_code ? Fault::with_code(row.vector, 0xabc)
                                                : Fault::of(row.vector));
            CHECK(entered(bench) == static_cast<unsigned>(row.vector));
            REQUIRE(bench.esp() == kStack0 - (row.error_code ? 16 : 12));
            if (row.error_code) CHECK(bench.dword(bench.esp()) == 0xabc);
            CHECK(bench.dword(kStack0 - 12) == 0x6000);
            CHECK(bench.dword(kStack0 - 4) == (kFlagFixed | (row.pushes_rf ? u32{kFlagRf} : rf)));
            CHECK_FALSE(bench.state.flag(kFlagRf));
        }
    }
}

TEST_CASE("external interrupts push RF as it stands") {
    for (u32 rf : {0u, kFlagRf}) {
        Bench bench;
        bench.protected_mode(3);
        set_all_gates(bench);
        bench.state.system_flags |= rf | kFlagIf;
        bench.engine.deliver_external(0xfe);
        CHECK(entered(bench) == 0xfe);
        CHECK(bench.state.cpl == 0);
        CHECK(bench.dword(kStack0 - 12) == (kFlagFixed | kFlagIf | rf));
        CHECK_FALSE(bench.state.flag(kFlagRf | kFlagIf));
    }
}

TEST_CASE("delivery ends shadows and drops debug traps that the fault overtook") {
    Bench bench;
    bench.protected_mode(0);
    set_all_gates(bench);
    bench.state.interrupt_shadow = bench.state.debug_shadow = true;
    bench.state.pending_debug = 1;
    bench.state.attention = false;
    bench.engine.deliver(Fault::invalid_opcode());
    CHECK_FALSE(bench.state.interrupt_shadow);
    CHECK_FALSE(bench.state.debug_shadow);
    CHECK(bench.state.pending_debug == 0);
    CHECK(bench.state.attention);
}

TEST_CASE("a page fault sets CR2 when it is delivered") {
    Bench bench;
    bench.protected_mode(0);
    set_all_gates(bench);
    bench.state.cr2 = 1;
    bench.engine.deliver(Fault::general_protection());
    CHECK(bench.state.cr2 == 1);
    bench.engine.deliver(Fault::page(2, {0x12345678}));
    CHECK(bench.state.cr2 == 0x12345678);
    CHECK(bench.dword(bench.esp()) == 2);
}

TEST_CASE("exceptions escalate as table 6-5 says") {
    constexpr u32 kDf = static_cast<u32>(Vector::kDoubleFault);
    constexpr u32 kNp = static_cast<u32>(Vector::kSegmentNotPresent);
    constexpr u32 kPf = static_cast<u32>(Vector::kPageFault);
    struct Row {
        const char* what;
        Fault first;
        u32 after_contributory;  // the vector that is entered
        u32 after_page_fault;
    };
    const Row rows[] = {
        {"benign", Fault::invalid_opcode(), kNp, kPf},
        {"benign, a trap", Fault::of(Vector::kDebug), kNp, kPf},
        {"benign with a code", Fault::with_code(Vector::kAlignmentCheck, 0), kNp, kPf},
        {"#DE", Fault::of(Vector::kDivideError), kDf, kPf},
        {"#TS", ts(0x28), kDf, kPf},
        {"#SS", ss(0), kDf, kPf},
        {"#GP", gp(0), kDf, kPf},
        {"#PF", Fault::page(0, {0x1234}), kDf, kDf},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const unsigned vector = static_cast<unsigned>(row.first.vector);
        {
            Bench bench;
            bench.protected_mode(0);
            set_all_gates(bench);
            break_gate(bench, row.first.vector);
            bench.engine.deliver(row.first);
            CHECK(entered(bench) == row.after_contributory);
            const u32 code =
                row.after_contributory == kDf ? 0 : vector * 8 + kErrorIdt + kErrorExternal;
            CHECK(bench.dword(bench.esp()) == code);
            CHECK(bench.dword(bench.esp() + 4) == 0x6000);
            CHECK(bench.state.activity == Activity::kRunning);
        }
        {
            Bench bench;
            bench.protected_mode(0);
            set_all_gates(bench);
            bench.enable_paging();
            hide_gate(bench, row.first.vector);
            bench.engine.deliver(row.first);
            CHECK(entered(bench) == row.after_page_fault);
            CHECK(bench.state.cr2 == kHidden);
            CHECK(bench.dword(bench.esp()) == 0);
        }
    }
}

TEST_CASE("an interrupt is benign: its fault is the next event") {
    Bench bench;
    bench.protected_mode(0);
    set_all_gates(bench);
    bench.state.idtr.limit = 0x20 * 8 - 1;
    bench.engine.deliver_external(0x20);
    CHECK(entered(bench) == static_cast<u32>(Vector::kGeneralProtection));
    CHECK(bench.dword(bench.esp()) == 0x20 * 8 + kErrorIdt + kErrorExternal);
    CHECK(bench.dword(bench.esp() + 4) == 0x6000);
}

TEST_CASE("a double fault's fault is a shutdown") {
    for (bool page : {false, true}) {
        Bench bench;
        bench.protected_mode(0);
        set_all_gates(bench);
        break_gate(bench, Vector::kGeneralProtection);
        if (page) {
            bench.enable_paging();
            hide_gate(bench, Vector::kDoubleFault);
        } else {
            break_gate(bench, Vector::kDoubleFault);
        }
        bench.state.attention = false;
        const u64 rip = bench.state.rip;
        bench.engine.deliver(gp(0));
        CHECK(bench.state.activity == Activity::kShutdown);
        CHECK(bench.state.attention);
        CHECK(bench.state.rip == rip);
        CHECK(bench.esp() == kStack0);
    }
}

TEST_CASE("an empty IDT shuts down") {
    Bench bench;
    bench.protected_mode(0);
    bench.state.idtr.limit = 0;
    bench.engine.deliver(Fault::invalid_opcode());
    CHECK(bench.state.activity == Activity::kShutdown);

    Bench real;
    real.real_mode();
    real.state.idtr.limit = 0;
    real.engine.deliver(Fault::of(Vector::kDivideError));
    CHECK(real.state.activity == Activity::kShutdown);
}

TEST_CASE("real mode's #GP of a short vector table goes through the same table") {
    Bench bench;
    bench.real_mode();
    bench.state.idtr.limit = 14 * 4 - 1;  // up to #GP
    bench.set_words(13 * 4, {0x1234, 0x2000});
    bench.engine.deliver_external(0x20);
    CHECK(bench.selector(SegmentName::kCs) == 0x2000);
    CHECK(bench.esp() == 0xffa);  // no error code
    CHECK(bench.word(0x8ffa) == 0x100);
}

TEST_CASE("#AC that meets itself for ever ends in a shutdown") {
    Bench bench;
    bench.protected_mode(3);
    for (unsigned vector = 0; vector < 32; ++vector)
        bench.set_gate(static_cast<u8>(vector),
                       make_gate(SystemType::kInterruptGate32, kCode3, kEntryBase + vector));
    bench.state.cr0 |= kCr0Am;
    bench.state.system_flags |= kFlagAc;
    bench.set_esp(kStack3 - 2);
    bench.engine.deliver(Fault::invalid_opcode());
    CHECK(bench.state.activity == Activity::kShutdown);
}

}  // namespace seventeen::privilege
