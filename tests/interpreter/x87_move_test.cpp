// x87 moves against the host: registers, extended reals, FXCH, FCMOVcc, FFREE, the stack pointer.
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

TEST_CASE("x87 register moves are the host's, undocumented ones too") {
    X87Bench bench;
    constexpr std::pair<u8, unsigned> kForms[] = {
        {0xd9, 0xc0}, {0xd9, 0xc8}, {0xd9, 0xd8}, {0xdd, 0xc0}, {0xdd, 0xc8}, {0xdd, 0xd0},
        {0xdd, 0xd8}, {0xdf, 0xc0}, {0xdf, 0xc8}, {0xdf, 0xd0}, {0xdf, 0xd8}};
    for (const auto& [escape, modrm] : kForms) {
        for (unsigned i = 0; i < 8; ++i) bench.compare(x87_register(escape, modrm | i), 1000);
    }
}

TEST_CASE("FCMOVcc is the host's under every condition") {
    X87Bench bench;
    for (const u8 escape : {0xda, 0xdb}) {
        for (unsigned modrm = 0xc0; modrm < 0xe0; ++modrm)
            bench.compare(x87_register(escape, modrm), 1000);
    }
}

TEST_CASE("FNOP, FINCSTP and FDECSTP are the host's") {
    X87Bench bench;
    for (const unsigned modrm : {0xd0, 0xf6, 0xf7}) bench.compare(x87_register(0xd9, modrm));
}

TEST_CASE("FLD and FSTP of extended reals are the host's") {
    X87Bench bench;
    bench.compare(x87_memory(0xdb, 5), 5000);
    bench.compare(x87_memory(0xdb, 7), 5000);
}

}  // namespace seventeen::interpreter
