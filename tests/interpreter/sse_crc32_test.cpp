// CRC32 against the host and a published check value.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

TEST_CASE("CRC32 does as the host does") {
    SseBench bench;
    bench.compare({0xf2, 0x0f, 0x38, 0xf0});
    bench.compare({0xf2, 0x0f, 0x38, 0xf1});
    bench.compare({0x66, 0xf2, 0x0f, 0x38, 0xf1});
}

// "123456789" gives E3069283h (RFC 3720's CRC-32C, RevEng's catalogue of CRCs).
TEST_CASE("CRC32 computes CRC-32C") {
    SseBench bench;
    bench.state().set_reg32(Gpr::kCx, ~0u);
    for (u8 digit = '1'; digit <= '9'; ++digit) {
        bench.state().set_reg32(Gpr::kDx, digit);
        REQUIRE(bench.run(sse_registers({0xf2, 0x0f, 0x38, 0xf0}, 1, 2)) == Fault{});
    }
    CHECK(~bench.state().reg32(Gpr::kCx) == 0xe306'9283);
}

// It is no SSE instruction to CR0 and CR4.
TEST_CASE("CRC32 runs whatever the control registers say of SSE") {
    SseBench bench;
    bench.state().cr0 |= kCr0Em | kCr0Ts;
    bench.state().cr4 &= ~kCr4Osfxsr;
    CHECK(bench.run(sse_registers({0xf2, 0x0f, 0x38, 0xf0}, 1, 2)) == Fault{});
}

}  // namespace seventeen::interpreter
