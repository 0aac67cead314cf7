// PCMPESTRI and its kin against the host, for every immediate.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

TEST_CASE("string comparisons do as the host does") {
    SseBench bench;
    constexpr unsigned kCases = 12;
    for (const unsigned opcode : {0x60u, 0x61u, 0x62u, 0x63u}) {
        const SseOpcode code{0x66, 0x0f, 0x3a, static_cast<u8>(opcode)};
        for (unsigned control = 0; control < 256; ++control) {
            const u8 immediate = static_cast<u8>(control);
            bench.compare_code(with_immediate(sse_registers(code, 1, 2), immediate), kCases);
            bench.compare_code(with_immediate(sse_registers(code, 0, 0), immediate), kCases);
            bench.compare_code(with_immediate(sse_memory(code, 3), immediate), kCases);
        }
    }
}

TEST_CASE("explicit lengths are signed") {
    SseBench bench;
    const SseCode code = with_immediate(sse_registers({0x66, 0x0f, 0x3a, 0x61}, 1, 2), 0x08);
    bench.fpu().xmm[1].lanes = {0x0101, 0};
    bench.fpu().xmm[2].lanes = {0x0101, 0};
    bench.state().set_reg32(Gpr::kAx, static_cast<u32>(-2));
    bench.state().set_reg32(Gpr::kDx, 0x8000'0000);
    REQUIRE(bench.run(code) == Fault{});
    CHECK(bench.state().arithmetic.value() == (kFlagCf | kFlagSf | kFlagOf));
    CHECK(bench.state().reg32(Gpr::kCx) == 0);
}

}  // namespace seventeen::interpreter
