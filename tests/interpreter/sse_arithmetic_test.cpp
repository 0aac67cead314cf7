// Floating-point arithmetic against the host: every rounding mode, DAZ, FTZ, flags, masked and
// unmasked exceptions.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr SseForms kMany{.cases = 1500};
constexpr SseForms kManyImmediate{.immediate = true, .cases = 1500};

// Without a prefix and with 66, F2, F3: PS, PD, SD, SS.
std::vector<SseOpcode> four_formats(u8 opcode) {
    const SseOpcode packed{0x0f, opcode};
    return {packed, prefixed(0x66, packed), prefixed(0xf2, packed), prefixed(0xf3, packed)};
}

}  // namespace

TEST_CASE("floating-point arithmetic does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x58u, 0x59u, 0x5cu, 0x5eu, 0x5du, 0x5fu, 0x51u})
        for (const SseOpcode& code : four_formats(static_cast<u8>(opcode)))
            bench.compare(code, kMany);
}

TEST_CASE("approximations are the host's") {
    SseBench bench;
    for (const unsigned opcode : {0x52u, 0x53u}) {
        bench.compare({0x0f, static_cast<u8>(opcode)});
        bench.compare({0xf3, 0x0f, static_cast<u8>(opcode)});
    }
}

TEST_CASE("comparisons to masks do as the host does, whatever the immediate") {
    SseBench bench;
    for (const SseOpcode& code : four_formats(0xc2)) bench.compare(code, kManyImmediate);
}

TEST_CASE("horizontal arithmetic does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x7cu, 0x7du, 0xd0u}) {  // HADD, HSUB, ADDSUB
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)}, kMany);
        bench.compare({0xf2, 0x0f, static_cast<u8>(opcode)}, kMany);
    }
}

TEST_CASE("dot products do as the host does") {
    SseBench bench;
    bench.compare({0x66, 0x0f, 0x3a, 0x40}, kManyImmediate);
    bench.compare({0x66, 0x0f, 0x3a, 0x41}, kManyImmediate);
}

}  // namespace seventeen::interpreter
