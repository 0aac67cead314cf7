// Packed integer arithmetic, comparison and logic against the host, on both kinds of register.
#include "interpreter/packed_integer.h"

#include "tests/interpreter/sse_bench.h"

namespace seventeen::interpreter {

namespace {

void compare_both(SseBench& bench, const SseOpcode& opcode) {
    bench.compare(opcode);
    bench.compare(prefixed(0x66, opcode));
}

}  // namespace

TEST_CASE("packed arithmetic does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0xfcu, 0xfdu, 0xfeu, 0xd4u, 0xecu, 0xedu, 0xdcu, 0xddu,  // PADD
                                  0xf8u, 0xf9u, 0xfau, 0xfbu, 0xe8u, 0xe9u, 0xd8u, 0xd9u,  // PSUB
                                  0xd5u, 0xe5u, 0xe4u, 0xf4u, 0xf5u,  // PMUL, PMADDWD
                                  0xe0u, 0xe3u, 0xf6u})               // PAVG, PSADBW
        compare_both(bench, {0x0f, static_cast<u8>(opcode)});
}

TEST_CASE("packed comparison does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x74u, 0x75u, 0x76u, 0x64u, 0x65u, 0x66u,  // PCMP
                                  0xdau, 0xdeu, 0xeau, 0xeeu})               // PMIN, PMAX
        compare_both(bench, {0x0f, static_cast<u8>(opcode)});
}

TEST_CASE("packed logic does as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0xdbu, 0xdfu, 0xebu, 0xefu})
        compare_both(bench, {0x0f, static_cast<u8>(opcode)});
    for (const unsigned opcode : {0x54u, 0x55u, 0x56u, 0x57u})  // ANDPS, ANDPD and so on
        compare_both(bench, {0x0f, static_cast<u8>(opcode)});
}

TEST_CASE("SSSE3's packed integers do as the host does") {
    SseBench bench;
    for (const unsigned opcode :
         {0x01u, 0x02u, 0x03u, 0x04u, 0x05u, 0x06u, 0x07u, 0x08u, 0x09u, 0x0au, 0x0bu,  // PHADD…
          0x1cu, 0x1du, 0x1eu})                                                         // PABS
        compare_both(bench, {0x0f, 0x38, static_cast<u8>(opcode)});
}

TEST_CASE("SSE4's packed integers do as the host does") {
    SseBench bench;
    for (const unsigned opcode : {0x28u, 0x29u, 0x37u, 0x38u, 0x39u, 0x3au, 0x3bu, 0x3cu, 0x3du,
                                  0x3eu, 0x3fu, 0x40u, 0x41u})
        bench.compare({0x66, 0x0f, 0x38, static_cast<u8>(opcode)});
    SseForms forms;
    forms.immediate = true;
    bench.compare({0x66, 0x0f, 0x3a, 0x42}, forms);  // MPSADBW
}

}  // namespace seventeen::interpreter
