// x87 transcendental functions against the host, in and out of their ranges.
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

TEST_CASE("x87 transcendental functions are the host's") {
    X87Bench bench;
    for (const unsigned modrm : {0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff})
        bench.compare(x87_register(0xd9, modrm), 10000);
}

TEST_CASE("an angle out of range sets C2 and pushes nothing") {
    X87Bench bench;
    for (const unsigned modrm : {0xf2, 0xfb, 0xfe, 0xff}) {
        bench.fpu() = {};
        bench.fpu().control = kX87ControlInit;
        bench.fpu().status = 7u << 11;
        bench.fpu().valid = 0x80;
        const X87Register huge{u64{1} << 63, 0x3fff + 63};
        bench.fpu().st(0) = huge;
        REQUIRE_FALSE(bench.run(x87_register(0xd9, modrm)));
        CHECK(bench.fpu().status == (7u << 11 | 0x400));
        CHECK(bench.fpu().valid == 0x80);
        CHECK(bench.fpu().st(0) == huge);
    }
}

}  // namespace seventeen::interpreter
