// Conversions against the host: rounding, indefinite integers, flags, exceptions, MMX state.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr SseForms kMany{.cases = 1500};

}  // namespace

TEST_CASE("conversions between floating-point formats do as the host does") {
    SseBench bench;
    for (const unsigned prefix : {0xf3u, 0xf2u, 0x66u})
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x5a}, kMany);
    bench.compare({0x0f, 0x5a}, kMany);
}

TEST_CASE("conversions between vectors of numbers and integers do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0x5b}, kMany);           // CVTDQ2PS
    for (const unsigned prefix : {0x66u, 0xf3u})  // CVTPS2DQ, CVTTPS2DQ
        bench.compare({static_cast<u8>(prefix), 0x0f, 0x5b}, kMany);
    for (const unsigned prefix : {0x66u, 0xf2u, 0xf3u})  // CVTTPD2DQ, CVTPD2DQ, CVTDQ2PD
        bench.compare({static_cast<u8>(prefix), 0x0f, 0xe6}, kMany);
}

TEST_CASE("conversions of scalars do as the host does") {
    SseBench bench;
    for (const unsigned prefix : {0xf3u, 0xf2u})
        for (const unsigned opcode : {0x2au, 0x2cu, 0x2du})
            bench.compare({static_cast<u8>(prefix), 0x0f, static_cast<u8>(opcode)}, kMany);
}

TEST_CASE("conversions of MMX registers do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x2au, 0x2cu, 0x2du}) {
        bench.compare({0x0f, static_cast<u8>(opcode)}, kMany);
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)}, kMany);
    }
}

}  // namespace seventeen::interpreter
