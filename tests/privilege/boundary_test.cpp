// Tests of the boundary between instructions: priorities, shadows, HLT, single step, breakpoints.
#include <functional>

#include "privilege/debug_registers.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

using Boundary = PrivilegeEngine::Boundary;

constexpr u8 kIrq = 0x20;
constexpr u16 kHandlers = 0x2000;  // the real-mode code segment of all handlers

u32 handler(unsigned vector) {
    return 0x100 + vector * 16;
}

// Real mode; each vector's handler lies at kHandlers:handler(vector). Code runs at 1000:0100.
void prepare(Bench& bench) {
    bench.real_mode();
    for (unsigned vector = 0; vector < 256; ++vector)
        bench.set_words(vector * 4, {handler(vector), kHandlers});
    bench.interrupts.vector = kIrq;
    bench.state.system_flags |= kFlagIf;
    bench.state.attention = true;
}

// What one turn of an engine's loop did.
enum class Turn : u8 { kInstruction, kBreakpoint, kStopped };

// As an engine does it; `effect` is the instruction, one byte long.
Turn turn(
    Bench& bench, const std::function<Fault()>& effect = [] { return Fault{}; }) {
    CpuState& state = bench.state;
    if (state.attention && bench.engine.service_boundary() != Boundary::kRun) return Turn::kStopped;
    const bool careful = bench.engine.needs_care();
    if (careful) {
        if (const Fault fault = bench.engine.begin_careful()) {
            bench.engine.deliver(fault);
            return Turn::kBreakpoint;
        }
    }
    const u64 start = state.rip++;
    if (const Fault fault = effect()) {
        state.rip = start;
        bench.engine.deliver(fault);
    } else if (careful) {
        bench.engine.end_careful();
    }
    return Turn::kInstruction;
}

bool in_handler(const Bench& bench, unsigned vector) {
    return bench.state.segment(SegmentName::kCs).selector == kHandlers &&
           bench.state.rip == handler(vector);
}

// The frame on the real-mode stack: what an IRET would return to.
struct Frame {
    u16 ip, cs, flags;
};
Frame frame(Bench& bench, unsigned depth = 0) {
    const u32 at = 0x8000 + (bench.esp() & 0xffff) + 6 * depth;
    return {bench.word(at), bench.word(at + 2), bench.word(at + 4)};
}

u32 dr6(const Bench& bench) {
    return static_cast<u32>(bench.state.dr[6]);
}

constexpr u32 kDr6Clear = 0xffff0ff0;

}  // namespace

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

namespace {

// What the handler of MOV SS does, short of loading the segment.
std::function<Fault()> move_to_stack_segment(Bench& bench) {
    return [&bench] {
        bench.state.debug_shadow = true;
        bench.state.attention = true;
        return Fault{};
    };
}

}  // namespace

TEST_CASE("the shadow of MOV SS") {
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
    bench.state.dr[7] = 0x400 | 0b01'00'01'01 | 1u << 28;  // DR3 watches data
    bench.state.dr[7] |= 0x40;
    CHECK(turn(bench) == Turn::kBreakpoint);
    CHECK(dr6(bench) == (kDr6Clear | 0b0001));
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
