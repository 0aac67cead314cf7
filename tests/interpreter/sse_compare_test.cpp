// Comparisons that set EFLAGS against the host.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

TEST_CASE("floating-point comparisons to flags do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x2eu, 0x2fu}) {
        bench.compare({0x0f, static_cast<u8>(opcode)}, {.cases = 1500});
        bench.compare({0x66, 0x0f, static_cast<u8>(opcode)}, {.cases = 1500});
    }
}

TEST_CASE("PTEST does as the host does") {
    SseBench bench;
    bench.compare({0x66, 0x0f, 0x38, 0x17});
}

}  // namespace seventeen::interpreter
