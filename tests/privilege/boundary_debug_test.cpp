// Tests of the boundary between instructions: single step, breakpoints and RF.
#include "tests/privilege/engine_loop.h"

namespace seventeen::privilege {

TEST_CASE("the shadow of MOV SS and debug exceptions") {
    Bench bench;
    prepare(bench);
    const auto mov_ss = move_to_stack_segment(bench);
    SECTION("is never single-stepped, the next instruction is") {
        bench.state.system_flags |= kFlagTf;
        CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        CHECK(bench.state.pending_debug == 0);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.pending_debug == kDr6SingleStep);
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, 1));
        CHECK(frame(bench).ip == 0x102);
    }
    SECTION("delays the trap of its own data breakpoint") {
        CHECK(turn(bench, [&] {
                  bench.state.pending_debug = 0x4;
                  return mov_ss();
              }) == Turn::kInstruction);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x102);
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, 1));
        CHECK(frame(bench).ip == 0x102);
        CHECK(dr6(bench) == (kDr6Clear | 0x4));
    }
    SECTION("and a fault drops that trap, with the shadow") {
        CHECK(turn(bench, [&] {
                  bench.state.pending_debug = 0x4;
                  return mov_ss();
              }) == Turn::kInstruction);
        CHECK(turn(bench, [] { return Fault::of(Vector::kDivideError); }) == Turn::kInstruction);
        CHECK(in_handler(bench, 0));
        CHECK(frame(bench).ip == 0x101);
        CHECK(bench.state.pending_debug == 0);
        CHECK(!bench.state.debug_shadow);
        CHECK(!bench.state.interrupt_shadow);
    }
    SECTION("INT n carries that trap into its handler") {
        CHECK(turn(bench, [&] {
                  bench.state.pending_debug = 0x4;
                  return mov_ss();
              }) == Turn::kInstruction);
        CHECK(turn(bench, [&] {
                  return bench.engine.software_interrupt(0x40, SoftwareInterrupt::kIntN);
              }) == Turn::kInstruction);
        CHECK(in_handler(bench, 0x40));
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(in_handler(bench, 1));
        CHECK(frame(bench).ip == handler(0x40));
    }
    SECTION("hides an instruction breakpoint") {
        bench.state.dr[0] = 0x10101;
        bench.state.dr[7] = 0x401;
        CHECK(turn(bench, mov_ss) == Turn::kInstruction);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x102);
    }
}

TEST_CASE("single step traps after each instruction that began with TF") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags |= kFlagTf;
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x101);
    CHECK(bench.state.attention);
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(in_handler(bench, 1));
    CHECK(frame(bench).ip == 0x101);
    CHECK((frame(bench).flags & kFlagTf) != 0);
    CHECK(dr6(bench) == (kDr6Clear | kDr6SingleStep));
    CHECK(!bench.state.flag(kFlagTf));
    CHECK(!bench.engine.needs_care());
    // Back to the program, whose next instruction is stepped in turn.
    CHECK(turn(bench, [&] { return bench.engine.interrupt_return(2); }) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x101);
    CHECK(bench.state.pending_debug == 0);
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(frame(bench).ip == 0x102);
}

TEST_CASE("POPF: TF counts as it was before") {
    Bench bench;
    prepare(bench);
    const auto popf = [&] { return bench.engine.pop_flags(2); };
    SECTION("set: not yet stepped") {
        bench.write<u16>(0x9000, kFlagTf);
        CHECK(turn(bench, popf) == Turn::kInstruction);
        CHECK(bench.state.pending_debug == 0);
        CHECK(bench.engine.needs_care());
        CHECK(bench.state.attention);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.pending_debug == kDr6SingleStep);
    }
    SECTION("cleared: stepped a last time") {
        bench.state.system_flags |= kFlagTf;
        bench.write<u16>(0x9000, 0);
        CHECK(turn(bench, popf) == Turn::kInstruction);
        CHECK(bench.state.pending_debug == kDr6SingleStep);
    }
}

TEST_CASE("software interrupts are not stepped into") {
    for (const SoftwareInterrupt kind : {SoftwareInterrupt::kIntN, SoftwareInterrupt::kInt3,
                                         SoftwareInterrupt::kInto, SoftwareInterrupt::kIcebp}) {
        Bench bench;
        prepare(bench);
        bench.state.system_flags |= kFlagTf;
        CHECK(turn(bench, [&] { return bench.engine.software_interrupt(0x41, kind); }) ==
              Turn::kInstruction);
        CHECK(in_handler(bench, 0x41));
        CHECK(bench.state.pending_debug == 0);
    }
}

TEST_CASE("an instruction that faults is not stepped") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags |= kFlagTf;
    CHECK(turn(bench, [] { return Fault::of(Vector::kDivideError); }) == Turn::kInstruction);
    CHECK(in_handler(bench, 0));
    CHECK(bench.state.pending_debug == 0);
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.state.rip == handler(0) + 1);
}

TEST_CASE("a repeated instruction is stepped by iteration") {
    Bench bench;
    prepare(bench);
    bench.protected_mode(0);
    bench.set_gate(1, make_gate(SystemType::kInterruptGate32, kCode0, 0x7000));
    bench.state.system_flags |= kFlagTf;
    bench.state.attention = true;
    // Between two iterations rip stays, and RF is set.
    const auto iteration = [&] {
        CHECK(bench.state.attention);  // which tells it to stop after this one
        --bench.state.rip;
        bench.state.system_flags |= kFlagRf;
        return Fault{};
    };
    CHECK(turn(bench, iteration) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x6000);
    CHECK(bench.state.pending_debug == kDr6SingleStep);
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(bench.state.rip == 0x7000);
    CHECK(bench.dword(bench.esp()) == 0x6000);
    CHECK((bench.dword(bench.esp() + 8) & (kFlagRf | kFlagTf)) == (kFlagRf | kFlagTf));
}

TEST_CASE("RF alone does not slow a repeated instruction down") {
    Bench bench;
    prepare(bench);
    bench.state.system_flags |= kFlagRf;
    CHECK(bench.engine.service_boundary() == Boundary::kRun);
    CHECK(bench.engine.needs_care());
    CHECK(bench.engine.begin_careful() == Fault{});
    CHECK(!bench.state.attention);
    bench.engine.end_careful();
    CHECK(bench.state.attention);
    CHECK(!bench.engine.needs_care());
}

TEST_CASE("needs_care") {
    const std::function<void(CpuState&)> reasons[] = {
        [](CpuState& state) { state.system_flags |= kFlagTf; },
        [](CpuState& state) { state.system_flags |= kFlagRf; },
        [](CpuState& state) { state.interrupt_shadow = true; },
        [](CpuState& state) { state.debug_shadow = true; },
        [](CpuState& state) { state.dr[7] |= 0x1; },
        [](CpuState& state) { state.dr[7] |= 0x80; },
    };
    for (const auto& reason : reasons) {
        Bench bench;
        prepare(bench);
        CHECK(!bench.engine.needs_care());
        reason(bench.state);
        CHECK(bench.engine.needs_care());
        CHECK(bench.engine.service_boundary() == Boundary::kRun);
        CHECK(bench.state.attention);
    }
    Bench bench;
    prepare(bench);
    bench.state.dr[7] = 0x400 | 1 | 1u << 16;  // a data breakpoint needs none
    bench.state.system_flags |= kFlagIf | kFlagAc | kFlagNt | kFlagDf;
    CHECK(!bench.engine.needs_care());
}

TEST_CASE("instruction breakpoints") {
    struct {
        u64 dr0;
        u64 dr7;
        bool met;
    } const rows[] = {
        {0x10100, 0x401, true},
        {0x10100, 0x402, true},
        {0x10100, 0x403, true},
        {0x10100, 0x400, false},
        {0x10100, 0x404, false},  // DR1's, which is elsewhere
        {0x10101, 0x401, false},
        {0x00100, 0x401, false},             // linear, not an offset
        {0x10100, 0x401 | 1u << 16, false},  // data
        {0x10100, 0x401 | 2u << 16, false},
        {0x10100, 0x401 | 3u << 16, false},
    };
    for (const auto& row : rows) {
        Bench bench;
        prepare(bench);
        bench.state.dr[0] = row.dr0;
        bench.state.dr[7] = row.dr7;
        CAPTURE(row.dr0, row.dr7);
        CHECK(turn(bench) == (row.met ? Turn::kBreakpoint : Turn::kInstruction));
        CHECK(in_handler(bench, 1) == row.met);
        CHECK(dr6(bench) == (row.met ? kDr6Clear | 1 : kDr6Clear));
        if (row.met) CHECK(frame(bench).ip == 0x100);
    }
}

TEST_CASE("all instruction breakpoints at one place are told of") {
    Bench bench;
    prepare(bench);
    for (unsigned i = 0; i < 4; ++i) bench.state.dr[i] = i == 1 ? 0 : 0x10100;
    bench.state.dr[7] = 0x455 | 1u << 28;  // all are enabled, but DR3 watches data
    CHECK(turn(bench) == Turn::kBreakpoint);
    CHECK(dr6(bench) == (kDr6Clear | 0b0101));
}

TEST_CASE("RF hides a breakpoint for one instruction") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_gate(1, make_gate(SystemType::kInterruptGate32, kCode0, 0x7000));
    CHECK(bench.engine.write_debug(0, 0x6000) == Fault{});
    CHECK(bench.engine.write_debug(7, 1) == Fault{});
    CHECK(turn(bench) == Turn::kBreakpoint);
    CHECK(bench.state.rip == 0x7000);
    const u32 image = bench.esp() + 8;
    CHECK(!(bench.dword(image) & kFlagRf));  // an instruction breakpoint pushes RF clear
    bench.write<u32>(image, bench.dword(image) | kFlagRf);
    CHECK(turn(bench, [&] { return bench.engine.interrupt_return(4); }) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x6000);
    CHECK(bench.state.flag(kFlagRf));
    SECTION("which retires") {
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x6001);
        CHECK(!bench.state.flag(kFlagRf));
        bench.state.rip = 0x6000;
        CHECK(turn(bench) == Turn::kBreakpoint);
    }
    SECTION("which faults, and is then tried again") {
        bench.set_gate(0, make_gate(SystemType::kInterruptGate32, kCode0, 0x7100));
        CHECK(turn(bench, [] { return Fault::of(Vector::kDivideError); }) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x7100);
        CHECK((bench.dword(bench.esp() + 8) & kFlagRf) != 0);
        CHECK(turn(bench, [&] { return bench.engine.interrupt_return(4); }) == Turn::kInstruction);
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(bench.state.rip == 0x6001);
    }
}

TEST_CASE("a trap comes before the breakpoint of the next instruction") {
    Bench bench;
    prepare(bench);
    bench.state.dr[0] = 0x10101;
    bench.state.dr[7] = 0x401;
    bench.state.system_flags |= kFlagTf;
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(turn(bench) == Turn::kInstruction);  // the first instruction of the trap's handler
    CHECK(bench.state.rip == handler(1) + 1);
    CHECK(dr6(bench) == (kDr6Clear | kDr6SingleStep));
}

TEST_CASE("an interrupt comes before the breakpoint of the next instruction") {
    Bench bench;
    prepare(bench);
    bench.state.dr[0] = 0x10100;
    bench.state.dr[7] = 0x401;
    bench.state.interrupt_line = true;
    CHECK(turn(bench) == Turn::kInstruction);
    CHECK(bench.state.rip == handler(kIrq) + 1);
    CHECK(frame(bench).ip == 0x100);
}

TEST_CASE("general detect pushes RF set") {
    Bench bench;
    bench.protected_mode(0);
    bench.set_gate(1, make_gate(SystemType::kInterruptGate32, kCode0, 0x7000));
    bench.state.dr[7] |= kDr7GeneralDetect;
    CHECK(turn(bench, [&] { return bench.engine.write_debug(0, 0); }) == Turn::kInstruction);
    CHECK(bench.state.rip == 0x7000);
    CHECK(bench.dword(bench.esp()) == 0x6000);
    CHECK((bench.dword(bench.esp() + 8) & kFlagRf) != 0);
    CHECK(!bench.state.flag(kFlagRf));
    CHECK(dr6(bench) == (kDr6Clear | kDr6GeneralDetect));
}

}  // namespace seventeen::privilege
