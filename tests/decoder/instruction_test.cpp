// Instruction: an empty one, and which have a memory operand.
#include "decoder/instruction.h"

#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

bool has_memory(std::string_view hex) {
    Instruction instruction;
    REQUIRE(Decoder().decode(from_hex(hex), CodeSize::k32, instruction) == DecodeStatus::kOk);
    return instruction.has_memory();
}

}  // namespace

TEST_CASE("an instruction that was never decoded is invalid") {
    const Instruction empty;
    CHECK(empty.mnemonic == Mnemonic::kInvalid);
    CHECK(empty.row().feature == Feature::kNever);
    CHECK_FALSE(empty.has_memory());
}

TEST_CASE("a memory operand may stand anywhere") {
    CHECK(has_memory("01 07"));
    CHECK(has_memory("03 07"));
    CHECK(has_memory("a1 00 00 00 00"));
    CHECK(has_memory("66 0f 3a 14 07 03"));
    CHECK_FALSE(has_memory("01 c7"));
    CHECK_FALSE(has_memory("a4"));
    CHECK_FALSE(has_memory("6a 01"));
}

}  // namespace seventeen::decoder
