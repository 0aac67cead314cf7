// Rearranged lanes against the host.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr SseForms kImmediate{.immediate = true};

}  // namespace

TEST_CASE("packing and unpacking do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x63u, 0x67u, 0x6bu,                          // PACK
                                  0x60u, 0x61u, 0x62u, 0x68u, 0x69u, 0x6au}) {  // PUNPCK
        const SseOpcode code{0x0f, static_cast<u8>(opcode)};
        bench.compare(code);
        bench.compare(prefixed(0x66, code));
    }
    bench.compare({0x66, 0x0f, 0x38, 0x2b});  // PACKUSDW
    bench.compare({0x66, 0x0f, 0x6c});        // PUNPCKLQDQ
    bench.compare({0x66, 0x0f, 0x6d});
    for (const unsigned opcode : {0x14u, 0x15u}) {  // UNPCKLPS, UNPCKHPS
        bench.compare({0x0f, static_cast<u8>(opcode)});
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)});
    }
}

TEST_CASE("shuffles do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0x70}, kImmediate);        // PSHUFW
    bench.compare({0x66, 0x0f, 0x70}, kImmediate);  // PSHUFD
    bench.compare({0xf2, 0x0f, 0x70}, kImmediate);  // PSHUFLW
    bench.compare({0xf3, 0x0f, 0x70}, kImmediate);  // PSHUFHW
    bench.compare({0x0f, 0xc6}, kImmediate);        // SHUFPS
    bench.compare({0x66, 0x0f, 0xc6}, kImmediate);  // SHUFPD
    bench.compare({0x0f, 0x38, 0x00});              // PSHUFB
    bench.compare({0x66, 0x0f, 0x38, 0x00});
    bench.compare({0x0f, 0x3a, 0x0f}, kImmediate);  // PALIGNR
    bench.compare({0x66, 0x0f, 0x3a, 0x0f}, kImmediate);
}

TEST_CASE("blends do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x0cu, 0x0du, 0x0eu})  // BLENDPS, BLENDPD, PBLENDW
        bench.compare({0x66, 0x0f, 0x3a, static_cast<u8>(opcode)}, kImmediate);
    for (const unsigned opcode : {0x10u, 0x14u, 0x15u})  // PBLENDVB, BLENDVPS, BLENDVPD
        bench.compare({0x66, 0x0f, 0x38, static_cast<u8>(opcode)});
    bench.compare({0x66, 0x0f, 0x3a, 0x21}, kImmediate);  // INSERTPS
}

TEST_CASE("widening and duplicating moves do as the host does") {
    SseBench bench;
    for (const unsigned opcode :
         {0x20u, 0x21u, 0x22u, 0x23u, 0x24u, 0x25u, 0x30u, 0x31u, 0x32u, 0x33u, 0x34u, 0x35u})
        bench.compare({0x66, 0x0f, 0x38, static_cast<u8>(opcode)});
    bench.compare({0xf2, 0x0f, 0x12});  // MOVDDUP
    bench.compare({0xf3, 0x0f, 0x12});  // MOVSLDUP
    bench.compare({0xf3, 0x0f, 0x16});  // MOVSHDUP
}

}  // namespace seventeen::interpreter
