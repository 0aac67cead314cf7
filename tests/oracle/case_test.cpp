// Cases: their code and their memory image.
#include "tests/oracle/case.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace seventeen::oracle {
namespace {

TEST_CASE("a case's code ends with the jump to the exit") {
    Case test;
    test.instructions = {{0x40}, {0x0f, 0x0b}};
    const Bytes code = test.code();
    REQUIRE(code.size() == 3 + 7);
    CHECK(Bytes(code.begin(), code.begin() + 4) == Bytes{0x40, 0x0f, 0x0b, 0xea});
    CHECK(test.end() == kCode.base + 3);
}

TEST_CASE("the image holds every byte of the compared memory once") {
    u32 expected = 0;
    for (const Region& region : kMemory) {
        CHECK(image_offset(region.base) == expected);
        CHECK(image_address(expected) == region.base);
        expected += region.size;
        CHECK(image_offset(region.end() - 1) == expected - 1);
    }
    CHECK(expected == kMemorySize);
    CHECK(image_offset(kCode.base) == kMemorySize);
    CHECK(image_offset(0) == kMemorySize);
}

TEST_CASE("system calls are found wherever their bytes are") {
    CHECK(contains_system_call(Bytes{0xb8, 0xcd, 0x80, 0, 0}));
    CHECK(contains_system_call(Bytes{0x0f, 0x05}));
    CHECK(contains_system_call(Bytes{0x90, 0x0f, 0x34}));
    CHECK_FALSE(contains_system_call(Bytes{0x0f, 0xcd, 0x05, 0x80}));
}

TEST_CASE("poking drops what lies outside") {
    Case test;
    test.poke(kStack.end() - 1, {1, 2});
    test.poke(0x20000000, {3});
    CHECK(test.memory[image_offset(kStack.end() - 1)] == 1);
    CHECK(std::count(test.memory.begin(), test.memory.end(), 0) == kMemorySize - 1);
}

}  // namespace
}  // namespace seventeen::oracle
