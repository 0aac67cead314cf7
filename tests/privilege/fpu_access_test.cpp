// Tests of #NM, #UD and #MF for x87, WAIT, MMX and SSE by EM, MP, TS and OSFXSR; FERR#.
#include "tests/privilege/engine_loop.h"

namespace seventeen::privilege {
namespace {

const Fault kRuns{};
const Fault kUnavailable = Fault::of(Vector::kDeviceNotAvailable);
const Fault kUndefined = Fault::invalid_opcode();

}  // namespace

// SDM 3A tables 2-2 (x87, WAIT), 11-1 (MMX) and 12-2 (SSE).
TEST_CASE("availability by EM, MP and TS") {
    struct {
        u64 cr0;
        Fault x87, wait, mmx, sse;
    } const rows[] = {
        {0, kRuns, kRuns, kRuns, kRuns},
        {kCr0Ts, kUnavailable, kRuns, kUnavailable, kUnavailable},
        {kCr0Mp, kRuns, kRuns, kRuns, kRuns},
        {kCr0Mp | kCr0Ts, kUnavailable, kUnavailable, kUnavailable, kUnavailable},
        {kCr0Em, kUnavailable, kRuns, kUndefined, kUndefined},
        {kCr0Em | kCr0Ts, kUnavailable, kRuns, kUndefined, kUndefined},
        {kCr0Em | kCr0Mp, kUnavailable, kRuns, kUndefined, kUndefined},
        {kCr0Em | kCr0Mp | kCr0Ts, kUnavailable, kUnavailable, kUndefined, kUndefined},
    };
    for (const auto& row : rows) {
        Bench bench;
        bench.state.cr0 = kCr0Et | row.cr0;
        CAPTURE(row.cr0);
        bench.state.cr4 = kCr4Osfxsr;
        CHECK(bench.engine.require_x87() == row.x87);
        CHECK(bench.engine.require_wait() == row.wait);
        CHECK(bench.engine.require_mmx() == row.mmx);
        CHECK(bench.engine.require_sse() == row.sse);
        bench.state.cr4 = 0;
        CHECK(bench.engine.require_mmx() == row.mmx);
        CHECK(bench.engine.require_sse() == kUndefined);
    }
}

TEST_CASE("a pending x87 error is #MF with CR0.NE, else an edge on FERR#") {
    Bench bench;
    unsigned edges = 0;
    bench.engine.ferr().connect([&](bool level) { edges += level; });
    const auto report = [&] { return bench.engine.report_x87_error(); };

    bench.state.fpu.status = 0x1;  // a flag without the summary: masked
    CHECK(report() == kRuns);
    CHECK(edges == 0);

    const Fault stops = Fault::of(Vector::kX87Error);
    bench.state.fpu.status = 0x81;
    CHECK(report() == stops);
    CHECK(report() == stops);
    CHECK(edges == 1);
    CHECK(bench.engine.ferr().level());
    bench.state.fpu.status = 0;
    CHECK(report() == kRuns);
    CHECK(!bench.engine.ferr().level());
    bench.state.fpu.status = 0x84;
    bench.engine.set_ignne(true);
    CHECK(report() == kRuns);
    CHECK(edges == 2);
    CHECK(bench.engine.ferr().level());  // whatever IGNNE# is

    bench.state.fpu.status = 0;
    bench.engine.update_ferr();
    CHECK(!bench.engine.ferr().level());
    bench.state.fpu.status = 0x80;
    bench.engine.update_ferr();
    CHECK(edges == 3);

    const u32 cr0 = static_cast<u32>(bench.state.cr0);
    REQUIRE(bench.engine.write_control(0, cr0 | kCr0Ne) == kRuns);
    CHECK(!bench.engine.ferr().level());
    CHECK(report() == stops);  // IGNNE# is for NE clear only
    CHECK(!bench.engine.ferr().level());
    CHECK(edges == 3);
    REQUIRE(bench.engine.write_control(0, cr0) == kRuns);
    CHECK(bench.engine.ferr().level());
    CHECK(edges == 4);
    bench.state.fpu.status = 0;
    CHECK(report() == kRuns);
}

// SDM 1 8.7.2: the processor freezes just before the next waiting instruction.
TEST_CASE("with CR0.NE clear a waiting instruction freezes until an interrupt") {
    Bench bench;
    prepare(bench);
    CpuState& state = bench.state;
    state.cr0 &= ~kCr0Ne;
    state.fpu.status = 0x81;
    const u64 start = state.rip;
    const auto wait = [&] { return bench.engine.report_x87_error(); };

    CHECK(turn(bench, wait) == Turn::kInstruction);
    CHECK(state.rip == start);
    CHECK(turn(bench, wait) == Turn::kStopped);
    CHECK(turn(bench, wait) == Turn::kStopped);
    SECTION("an interrupt returns to it") {
        state.interrupt_line = true;
        state.attention = true;
        CHECK(turn(bench) == Turn::kInstruction);
        CHECK(frame(bench).ip == start);
        // IGNNE# lets the handler's own instructions run.
        bench.engine.set_ignne(true);
        const u64 inside = state.rip;
        CHECK(turn(bench, wait) == Turn::kInstruction);
        CHECK(state.rip == inside + 1);
    }
    SECTION("not a masked one, but NMI") {
        state.system_flags &= ~kFlagIf;
        state.interrupt_line = true;
        state.attention = true;
        CHECK(turn(bench, wait) == Turn::kStopped);
        state.nmi_pending = true;
        state.attention = true;
        turn(bench);
        CHECK(frame(bench).ip == start);
        CHECK(state.activity == Activity::kRunning);
    }
}

}  // namespace seventeen::privilege
