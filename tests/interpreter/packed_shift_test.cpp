// Packed shifts against the host: counts in registers, memory and immediates.
#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

TEST_CASE("packed shifts by an operand do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0xd1u, 0xd2u, 0xd3u, 0xe1u, 0xe2u, 0xf1u, 0xf2u, 0xf3u}) {
        const SseOpcode code{0x0f, static_cast<u8>(opcode)};
        bench.compare(code);
        bench.compare(prefixed(0x66, code));
    }
}

// Groups 12 to 14: the operation is in ModRM's reg field.
TEST_CASE("packed shifts by every immediate do as the host does") {
    SseBench bench;
    struct Row {
        u8 opcode;
        unsigned field;
        bool xmm_only;
    };
    constexpr unsigned kCases = 4;
    for (const Row row :
         {Row{0x71, 2, false}, Row{0x71, 4, false}, Row{0x71, 6, false}, Row{0x72, 2, false},
          Row{0x72, 4, false}, Row{0x72, 6, false}, Row{0x73, 2, false}, Row{0x73, 6, false},
          Row{0x73, 3, true}, Row{0x73, 7, true}}) {
        const SseCode code = sse_registers({0x0f, row.opcode}, row.field, 5);
        for (unsigned count = 0; count < 256; ++count) {
            const SseCode counted = with_immediate(code, static_cast<u8>(count));
            if (!row.xmm_only) bench.compare_code(counted, kCases);
            bench.compare_code(prefixed(0x66, counted), kCases);
        }
    }
}

}  // namespace seventeen::interpreter
