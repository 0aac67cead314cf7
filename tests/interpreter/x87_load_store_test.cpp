// x87 loads, stores and constants against the host; and what a store that faults leaves.
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr std::pair<u8, unsigned> kLoads[] = {{0xd9, 0}, {0xdb, 0}, {0xdd, 0},
                                              {0xdf, 0}, {0xdf, 4}, {0xdf, 5}};
constexpr std::pair<u8, unsigned> kStores[] = {
    {0xd9, 2}, {0xd9, 3}, {0xdb, 1}, {0xdb, 2}, {0xdb, 3}, {0xdd, 1}, {0xdd, 2},
    {0xdd, 3}, {0xdf, 1}, {0xdf, 2}, {0xdf, 3}, {0xdf, 6}, {0xdf, 7}, {0xdb, 7}};

}  // namespace

TEST_CASE("x87 loads that convert are the host's") {
    X87Bench bench;
    for (const auto& [escape, field] : kLoads) bench.compare(x87_memory(escape, field), 20000);
}

TEST_CASE("x87 stores that convert are the host's") {
    X87Bench bench;
    for (const auto& [escape, field] : kStores) bench.compare(x87_memory(escape, field), 20000);
}

TEST_CASE("x87 constants are the host's under every rounding") {
    X87Bench bench;
    for (unsigned modrm = 0xe8; modrm <= 0xee; ++modrm)
        bench.compare(x87_register(0xd9, modrm), 3000);
}

TEST_CASE("a store that page-faults changes nothing of the x87 state") {
    X87Bench bench;
    bench.bench.enable_paging();
    bench.bench.change_page(kX87Operand, 1);
    for (const auto& [escape, field] : kStores) {
        for (unsigned i = 0; i < 200; ++i) {
            const FpuState before = bench.states.state();
            bench.fpu() = before;
            const Fault fault = bench.run(x87_memory(escape, field));
            CHECK(fault == Fault::page(kPageFaultWrite | kPageFaultUser, {kX87Operand}));
            CHECK(bench.fpu() == before);
        }
    }
}

TEST_CASE("a load that page-faults changes nothing of the x87 state") {
    X87Bench bench;
    bench.bench.enable_paging();
    bench.bench.change_page(kX87Operand, 1);
    for (const auto& [escape, field] : kLoads) {
        const FpuState before = bench.states.state();
        bench.fpu() = before;
        CHECK(bench.run(x87_memory(escape, field)) == Fault::page(kPageFaultUser, {kX87Operand}));
        CHECK(bench.fpu() == before);
    }
}

}  // namespace seventeen::interpreter
