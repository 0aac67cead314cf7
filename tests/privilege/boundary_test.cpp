// Tests of the boundary between instructions: priorities, the shadows of STI and MOV SS, HLT.
#include "tests/privilege/engine_loop.h"

namespace seventeen::privilege {

TEST_CASE("nothing happens where nothing is pending") {
    Bench bench;
    prepare(bench);
    CpuState before = bench.state;
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(!bench.state.attention);
    before.attention = false;
    CHECK(bench.state == before);
    CHECK(bench.interrupts.asked == 0);
}

TEST_CASE("a maskable interrupt needs IF and no shadow") {
    for (const bool line : {false, true})
        for (const bool open : {false, true})
            for (const bool interrupt_shadow : {false, true})
                for (const bool debug_shadow : {false, true}) {
                    Bench bench;
                    prepare(bench);
                    bench.state.interrupt_line = line;
                    if (!open) bench.state.system_flags &= ~kFlagIf;
                    bench.state.interrupt_shadow = interrupt_shadow;
                    bench.state.debug_shadow = debug_shadow;
                    CAPTURE(line, open, interrupt_shadow, debug_shadow);
                    CHECK(bench.engine.service_boundary() == Boundary::kRun);
                    const bool taken = line && open && !interrupt_shadow && !debug_shadow;
                    CHECK(bench.interrupts.asked == (taken ? 1 : 0));
                    CHECK(in_handler(bench, kIrq) == taken);
                    if (!taken) CHECK(bench.state.attention == (interrupt_shadow || debug_shadow));
                }
}

TEST_CASE("NMI needs no IF, and blocks the next until IRET") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags &= ~kFlagIf;
    bench.state.nmi_pending = true;
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, 2));
    CHECK(bench.interrupts.asked == 0);
    CHECK(!bench.state.nmi_pending);
    CHECK(bench.state.nmi_blocked);

    bench.state.nmi_pending = true;
    bench.state.attention = true;
    bench.state.rip = 0x123;
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(bench.state.rip == 0x123);
    CHECK(bench.state.nmi_pending);

    CHECK(bench.engine.interrupt_return(2) == Fault{});
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, 2));
    CHECK(frame(bench).ip == 0x100);
}

TEST_CASE("a shadow holds NMI back") {
    for (const bool of_sti : {false, true}) {
        Bench bench;
        prepare(bench);
        bench.state.nmi_pending = true;
        (of_sti ? bench.state.interrupt_shadow : bench.state.debug_shadow) = true;
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x101);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == handler(2) + 1);
    }
}

// SDM 3A table 6-2: traps, then NMI, then INTR, each interrupting the one before.
TEST_CASE("debug trap, NMI and INTR at once") {
    SECTION("real mode: the first handler runs with IF clear") {
        Bench bench;
        prepare(bench);
        bench.state.pending_debug = 1;
        bench.state.nmi_pending = true;
        bench.state.interrupt_line = true;
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, 2));
        CHECK(frame(bench, 0).ip == handler(1));
        CHECK(frame(bench, 1).ip == 0x100);
        CHECK(bench.interrupts.asked == 0);
        CHECK(dr6(bench) == (kDr6Clear | 1));
        CHECK(bench.state.pending_debug == 0);
    }
    SECTION("trap gates leave IF alone, so all three nest") {
        Bench bench;
        bench.protected_mode(0);
        for (const u8 vector : {u8{1}, u8{2}, kIrq})
            bench.set_gate(vector, make_gate(SystemType::kTrapGate32, kCode0, handler(vector)));
        bench.state.system_flags |= kFlagIf;
        bench.state.pending_debug = kDr6SingleStep;
        bench.state.nmi_pending = true;
        bench.state.interrupt_line = true;
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(bench.state.rip == handler(kIrq));
        CHECK(bench.esp() == kStack0 - 36);
        CHECK(bench.dword(kStack0 - 36) == handler(2));
        CHECK(bench.dword(kStack0 - 24) == handler(1));
        CHECK(bench.dword(kStack0 - 12) == 0x6000);
        CHECK(bench.interrupts.asked == 1);
        // The line is still up: taken once at each boundary, so the guest gets on.
        bench.state.attention = true;
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(bench.interrupts.asked == 2);
    }
}

TEST_CASE("a debug trap replaces B0 to B3 and leaves the rest of DR6") {
    Bench bench;
    prepare(bench);
    bench.state.dr[6] = kDr6Clear | 0x5 | kDr6GeneralDetect | kDr6TaskSwitch;
    bench.state.dr[7] = 0x400 | kDr7GeneralDetect;
    bench.state.pending_debug = 0x2 | kDr6SingleStep;
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, 1));
    CHECK(dr6(bench) == (kDr6Clear | 0x2 | kDr6GeneralDetect | kDr6SingleStep | kDr6TaskSwitch));
    CHECK(bench.state.dr[7] == 0x400);
    CHECK(!(frame(bench).flags & kFlagRf));
}

TEST_CASE("HLT waits for an event") {
    Bench bench;
    prepare(bench);
    CHECK(turn(bench, [&] { return bench.engine.halt(); }) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x101);
    for (int i = 0; i < 3; ++i) {
        CHECK(turn(bench) == Turn::kStopped);
        CHECK(bench.state.attention);  // an engine that comes back must look again
        CHECK(bench.state.activity == Activity::kHalted);
    }
    SECTION("INTR") {
        bench.state.interrupt_line = true;
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, kIrq));
    }
    SECTION("NMI") {
        bench.state.nmi_pending = true;
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, 2));
    }
    SECTION("INTR with IF clear") {
        bench.state.system_flags &= ~kFlagIf;
        bench.state.interrupt_line = true;
        CHECK(bench.engine.service_boundary() == Boundary::kHalted);
        CHECK(bench.interrupts.asked == 0);
        return;
    }
    CHECK(frame(bench).ip == 0x101);
    CHECK(bench.state.activity == Activity::kRunning);
}

TEST_CASE("STI, HLT is not broken by an interrupt") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags &= ~kFlagIf;
    bench.state.interrupt_line = true;
    CHECK(turn(bench, [&] { return bench.engine.set_interrupt_flag(); }) == Turn::kInstruction);
    CHECK(turn(bench, [&] { return bench.engine.halt(); }) == Turn::kInstruction);
    CHECK(bench.state.activity == Activity::kHalted);
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, kIrq));
    CHECK(frame(bench).ip == 0x102);
}

TEST_CASE("HLT under TF wakes at once") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags |= kFlagTf;
    CHECK(turn(bench, [&] { return bench.engine.halt(); }) == Turn::kInstruction);
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, 1));
    CHECK(frame(bench).ip == 0x101);
}

TEST_CASE("shutdown ignores every event") {
    Bench bench;
    prepare(bench);
    bench.state.idtr.limit = 0;
    bench.state.interrupt_line = true;
    CHECK(bench.engine.service_boundary() == Boundary::kShutdown);
    CHECK(bench.interrupts.asked == 1);
    bench.state.nmi_pending = true;
    bench.state.pending_debug = 1;
    CHECK(bench.state.attention);
    CHECK(bench.engine.service_boundary() == Boundary::kShutdown);
    CHECK(bench.interrupts.asked == 1);
    CHECK(bench.state.nmi_pending);
    CHECK(bench.state.attention);
}

TEST_CASE("the shadow of STI covers one instruction") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags &= ~kFlagIf;
    bench.state.interrupt_line = true;
    const auto sti = [&] { return bench.engine.set_interrupt_flag(); };
    SECTION("followed by anything") {
        CHECK(turn(bench, sti) == Turn::kInstruction);
    }
    SECTION("followed by another STI, which has none of its own") {
        CHECK(turn(bench, sti) == Turn::kInstruction);
        CHECK(turn(bench, sti) == Turn::kInstruction);
        CHECK(!bench.state.interrupt_shadow);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == handler(kIrq) + 1);
        CHECK(frame(bench).ip == 0x102);
        return;
    }
    CHECK(bench.interrupts.asked == 0);
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.interrupts.asked == 0);
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.state.rip == handler(kIrq) + 1);
    CHECK(frame(bench).ip == 0x102);
}

TEST_CASE("STI, CLI lets no interrupt in") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags &= ~kFlagIf;
    bench.state.interrupt_line = true;
    for (int i = 0; i < 3; ++i) {
        CHECK(turn(bench, [&] { return bench.engine.set_interrupt_flag(); }) == Turn::kInstruction);
        CHECK(turn(bench, [&] { return bench.engine.clear_interrupt_flag(); }) ==
              Turn::kInstruction);
    }
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.interrupts.asked == 0);
}

TEST_CASE("the shadow of MOV SS and interrupts") {
    Bench bench;
    prepare(bench);
    const auto mov_ss = move_to_stack_segment(bench);
    SECTION("holds an interrupt back for one instruction") {
        CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        bench.state.interrupt_line = true;
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.interrupts.asked == 0);
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(frame(bench).ip == 0x102);
    }
    SECTION("a second MOV SS has none") {
        bench.state.interrupt_line = false;
        CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        bench.state.interrupt_line = true;
        CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, kIrq));
        CHECK(frame(bench).ip == 0x102);
    }
    SECTION("a third has one again") {
        for (int i = 0; i < 3; ++i) CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        bench.state.interrupt_line = true;
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.interrupts.asked == 0);
    }
}

}  // namespace seventeen::privilege
