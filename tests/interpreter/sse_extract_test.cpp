// Single lanes and sign masks against the host.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr SseForms kImmediate{.immediate = true};
constexpr SseForms kRegisters{.memory = false};
constexpr SseForms kRegistersImmediate{.memory = false, .immediate = true};

}  // namespace

TEST_CASE("insertions do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0xc4}, kImmediate);  // PINSRW
    bench.compare({0x66, 0x0f, 0xc4}, kImmediate);
    bench.compare({0x66, 0x0f, 0x3a, 0x20}, kImmediate);  // PINSRB
    bench.compare({0x66, 0x0f, 0x3a, 0x22}, kImmediate);  // PINSRD
}

TEST_CASE("extractions do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0xc5}, kRegistersImmediate);  // PEXTRW
    bench.compare({0x66, 0x0f, 0xc5}, kRegistersImmediate);
    for (const unsigned opcode : {0x14u, 0x15u, 0x16u, 0x17u})  // PEXTRB, W, D, EXTRACTPS
        bench.compare({0x66, 0x0f, 0x3a, static_cast<u8>(opcode)}, kImmediate);
}

TEST_CASE("sign masks do as the host does") {
    SseBench bench;
    bench.compare({0x0f, 0xd7}, kRegisters);  // PMOVMSKB
    bench.compare({0x66, 0x0f, 0xd7}, kRegisters);
    bench.compare({0x0f, 0x50}, kRegisters);  // MOVMSKPS
    bench.compare({0x66, 0x0f, 0x50}, kRegisters);
}

}  // namespace seventeen::interpreter
