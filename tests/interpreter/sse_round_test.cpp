// ROUNDPS and its kin against the host: every mode, the suppressed precision flag, DAZ.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

TEST_CASE("rounding to integers does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x08u, 0x09u, 0x0au, 0x0bu})
        bench.compare({0x66, 0x0f, 0x3a, static_cast<u8>(opcode)},
                      {.immediate = true, .cases = 4000});
}

}  // namespace seventeen::interpreter
