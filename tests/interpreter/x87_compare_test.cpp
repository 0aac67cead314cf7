// x87 comparisons against the host: condition codes, EFLAGS, pops, NaNs of both kinds.
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

TEST_CASE("x87 comparisons between registers are the host's, undocumented doubles too") {
    X87Bench bench;
    constexpr std::pair<u8, unsigned> kForms[] = {
        {0xd8, 0xd0}, {0xd8, 0xd8}, {0xdc, 0xd0}, {0xdc, 0xd8}, {0xde, 0xd0}, {0xdd, 0xe0},
        {0xdd, 0xe8}, {0xdb, 0xe8}, {0xdb, 0xf0}, {0xdf, 0xe8}, {0xdf, 0xf0}};
    for (const auto& [escape, modrm] : kForms) {
        for (unsigned i = 0; i < 8; ++i) bench.compare(x87_register(escape, modrm | i), 3000);
    }
}

TEST_CASE("x87 FCOMPP, FUCOMPP, FTST and FXAM are the host's") {
    X87Bench bench;
    bench.compare(x87_register(0xde, 0xd9), 10000);
    bench.compare(x87_register(0xda, 0xe9), 10000);
    bench.compare(x87_register(0xd9, 0xe4), 10000);
    bench.compare(x87_register(0xd9, 0xe5), 10000);
}

TEST_CASE("x87 comparisons with memory are the host's") {
    X87Bench bench;
    for (const u8 escape : {0xd8, 0xda, 0xdc, 0xde}) {
        for (const unsigned field : {2u, 3u}) bench.compare(x87_memory(escape, field), 10000);
    }
}

}  // namespace seventeen::interpreter
