// Tests of #NM, #UD and #MF for x87, WAIT, MMX and SSE by EM, MP, TS and OSFXSR; FERR#.
#include "tests/privilege/fixture.h"

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

    bench.state.fpu.status = 0x81;
    CHECK(report() == kRuns);
    CHECK(report() == kRuns);
    CHECK(edges == 1);
    CHECK(bench.engine.ferr().level());
    bench.state.fpu.status = 0;
    CHECK(report() == kRuns);
    CHECK(!bench.engine.ferr().level());
    bench.state.fpu.status = 0x84;
    CHECK(report() == kRuns);
    CHECK(edges == 2);

    bench.state.fpu.status = 0;
    bench.engine.update_ferr();
    CHECK(!bench.engine.ferr().level());
    bench.state.fpu.status = 0x80;
    bench.engine.update_ferr();
    CHECK(edges == 3);

    bench.state.cr0 |= kCr0Ne;
    CHECK(report() == Fault::of(Vector::kX87Error));
    CHECK(!bench.engine.ferr().level());
    CHECK(edges == 3);
    bench.state.fpu.status = 0;
    CHECK(report() == kRuns);
}

}  // namespace seventeen::privilege
