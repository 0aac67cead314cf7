// x87 arithmetic against the host: every form, over random states of all kinds.
#include "tests/interpreter/x87_bench.h"

namespace seventeen::interpreter {

namespace {

constexpr unsigned kArithmeticFields[] = {0, 1, 4, 5, 6, 7};

}  // namespace

TEST_CASE("x87 arithmetic between registers is the host's") {
    X87Bench bench;
    for (const u8 escape : {0xd8, 0xdc, 0xde}) {
        for (const unsigned field : kArithmeticFields) {
            for (unsigned i = 0; i < 8; ++i)
                bench.compare(x87_register(escape, 0xc0 | field << 3 | i));
        }
    }
}

TEST_CASE("x87 arithmetic with memory is the host's") {
    X87Bench bench;
    for (const u8 escape : {0xd8, 0xda, 0xdc, 0xde}) {
        for (const unsigned field : kArithmeticFields)
            bench.compare(x87_memory(escape, field), 5000);
    }
}

TEST_CASE("x87 square root, scale, remainders, rounding, extraction and signs are the host's") {
    X87Bench bench;
    for (const unsigned modrm : {0xe0, 0xe1, 0xf4, 0xf5, 0xf8, 0xfa, 0xfc, 0xfd})
        bench.compare(x87_register(0xd9, modrm), 10000);
}

}  // namespace seventeen::interpreter
