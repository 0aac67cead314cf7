// The quick decoder answers as the decoder does, whatever it has seen before.
#include "decoder/quick_decoder.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

using Random = std::mt19937_64;
using Bytes = std::array<u8, kMaxInstructionLength>;

// Prefixes are rare in programs, and ModRM bytes are repeated more often than numbers.
Bytes random_bytes(Random& random) {
    constexpr std::array<u8, 11> kPrefixes{0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26,
                                           0x2e, 0x36, 0x3e, 0x64, 0x65};
    Bytes bytes;
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    unsigned at = 0;
    while (random() % 3 == 0 && at < 4) bytes[at++] = kPrefixes[random() % kPrefixes.size()];
    if (random() % 3 == 0) {
        bytes[at++] = 0x0f;
        if (random() % 6 == 0) bytes[at++] = random() % 2 ? 0x38 : 0x3a;
    }
    return bytes;
}

void check_alike(QuickDecoder& quick, std::span<const u8> bytes, CodeSize size) {
    static const Decoder decoder;
    Instruction expected;
    Instruction found;
    const DecodeStatus status = decoder.decode(bytes, size, expected);
    const bool same = quick.decode(bytes, size, found) == status && found == expected;
    CAPTURE(describe(expected), describe(found), static_cast<unsigned>(size));
    if (!same) CHECK(same);
}

}  // namespace

TEST_CASE("Heads that were seen before decode as if they were new") {
    Random random(17);
    QuickDecoder quick;
    for (int i = 0; i < 60'000; ++i) {
        Bytes bytes = random_bytes(random);
        const CodeSize size = random() % 2 ? CodeSize::k16 : CodeSize::k32;
        for (int k = 0; k < 6; ++k) {
            check_alike(quick, std::span(bytes).first(random() % 8 ? bytes.size() : random() % 15),
                        size);
            // Most heads end before the fourth byte: other numbers.
            for (unsigned at = 3 + random() % 4; at < bytes.size(); ++at)
                bytes[at] = random() % 3 ? static_cast<u8>(random()) : 0x80;
        }
    }
    CHECK(quick.remembered() > 100'000);
}

TEST_CASE("Numbers behind a head are extended as the instruction uses them") {
    QuickDecoder quick;
    Instruction instruction;
    const auto immediate_of = [&](const char* hex) {
        REQUIRE(quick.decode(from_hex(hex), CodeSize::k32, instruction) == DecodeStatus::kOk);
        return instruction.immediate;
    };
    for (int i = 0; i < 3; ++i) {
        CHECK(immediate_of("6a 01") == 1);
        CHECK(immediate_of("6a 80") == -128);
        CHECK(immediate_of("cd 80") == 128);
        CHECK(immediate_of("b8 ff ff ff ff") == -1);
        CHECK(immediate_of("83 45 fc ff") == -1);
        CHECK(instruction.memory.displacement == -4);
        CHECK(immediate_of("c7 85 00 00 00 80 01 00 00 00") == 1);
        CHECK(instruction.memory.displacement == -0x8000'0000ll);
    }
    CHECK(quick.remembered() >= 6);
}

TEST_CASE("A head whose numbers are cut off is not complete") {
    QuickDecoder quick;
    Instruction instruction;
    for (int i = 0; i < 3; ++i)
        REQUIRE(quick.decode(from_hex("b8 01 02 03 04"), CodeSize::k32, instruction) ==
                DecodeStatus::kOk);
    CHECK(quick.decode(from_hex("b8 01 02 03"), CodeSize::k32, instruction) ==
          DecodeStatus::kTruncated);
}

}  // namespace seventeen::decoder
