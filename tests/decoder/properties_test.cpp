// Properties: features that depend on operands, ends of blocks, and exact use of flags.
#include "decoder/properties.h"

#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

namespace {

constexpr u32 kC = kFlagCf;
constexpr u32 kO = kFlagOf;
constexpr u32 kA = kFlagAf;
constexpr u32 kAll = kFlagsArithmetic;
constexpr u32 kResult = kFlagPf | kFlagZf | kFlagSf;

Instruction decode_32(std::string_view hex) {
    Instruction instruction;
    REQUIRE(Decoder().decode(from_hex(hex), CodeSize::k32, instruction) == DecodeStatus::kOk);
    return instruction;
}

Feature feature(std::string_view hex) {
    return required_feature(decode_32(hex));
}
bool ends(std::string_view hex) {
    return ends_block(decode_32(hex));
}
FlagUse flags(std::string_view hex) {
    return flag_use(decode_32(hex));
}

}  // namespace

TEST_CASE("the feature is the row's where one feature brought all forms") {
    CHECK(feature("01 d8") == Feature::kNone);
    CHECK(feature("0f a2") == Feature::kCpuid);
    CHECK(feature("d8 c1") == Feature::kFpu);
    CHECK(feature("0f 58 c1") == Feature::kSse);
    CHECK(feature("0f 2a c1") == Feature::kSse);  // CVTPI2PS xmm, mm
    CHECK(feature("66 0f 58 c1") == Feature::kSse2);
    CHECK(feature("f3 0f b8 c1") == Feature::kPopcnt);
    CHECK(feature("db 0f") == Feature::kSse3);  // FISTTP
    CHECK(feature("0f 38 00 c1") == Feature::kSsse3);
    CHECK(feature("66 0f 38 00 c1") == Feature::kSsse3);
}

TEST_CASE("XMM forms of MMX instructions need SSE2") {
    CHECK(feature("0f fc c1") == Feature::kMmx);
    CHECK(feature("66 0f fc c1") == Feature::kSse2);
    CHECK(feature("0f 6e c0") == Feature::kMmx);
    CHECK(feature("66 0f 6e c0") == Feature::kSse2);
    CHECK(feature("f3 0f 7e c1") == Feature::kSse2);
    CHECK(feature("0f e0 c1") == Feature::kSse);  // PAVGB
    CHECK(feature("66 0f e0 c1") == Feature::kSse2);
    CHECK(feature("0f d7 c1") == Feature::kSse);  // PMOVMSKB
    CHECK(feature("66 0f d7 c1") == Feature::kSse2);
    CHECK(feature("0f d4 c1") == Feature::kSse2);    // PADDQ came for both at once
    CHECK(feature("0f c5 c1 03") == Feature::kSse);  // PEXTRW
    CHECK(feature("66 0f c5 c1 03") == Feature::kSse2);
    CHECK(feature("66 0f 3a 15 c1 03") == Feature::kSse41);
}

TEST_CASE("a NOP needs what its encoding came with") {
    CHECK(feature("90") == Feature::kNone);
    CHECK(feature("f3 90") == Feature::kNone);
    CHECK(feature("0f 1f 00") == Feature::kLongNop);
    CHECK(feature("f3 0f 1e fb") == Feature::kLongNop);
    CHECK(feature("0f 18 07") == Feature::kLongNop);
    CHECK(feature("0f 0d 0f") == Feature::kSse3);
}

TEST_CASE("what changes mode, interrupts or time ends a block; reading it does not") {
    CHECK(ends("0f 22 c0"));
    CHECK_FALSE(ends("0f 20 c0"));
    CHECK(ends("0f 23 f8"));
    CHECK_FALSE(ends("0f 21 f8"));
    CHECK(ends("8e d0"));  // SS
    CHECK_FALSE(ends("8c d0"));
    CHECK_FALSE(ends("8e d8"));
    CHECK(ends("17"));  // POP SS
    CHECK_FALSE(ends("16"));
    CHECK_FALSE(ends("1f"));
    CHECK(ends("0f b2 07"));
    CHECK_FALSE(ends("c5 07"));
    CHECK(ends("fb"));
    CHECK_FALSE(ends("fa"));
    CHECK(ends("9d"));
    CHECK_FALSE(ends("9c"));
    CHECK(ends("f3 a4"));
    CHECK_FALSE(ends("a4"));
    CHECK(ends("6e"));
    CHECK(ends("eb fe"));
    CHECK(ends("0f 0b"));
    CHECK_FALSE(ends("62 07"));
    CHECK_FALSE(ends("0f a2"));
    CHECK_FALSE(ends("0f 31"));
}

TEST_CASE("only F2 and F3 before strings repeat") {
    CHECK(is_repeated_string(decode_32("f3 a4")));
    CHECK(is_repeated_string(decode_32("f2 a4")));
    CHECK_FALSE(is_repeated_string(decode_32("a4")));
    CHECK_FALSE(is_repeated_string(decode_32("f3 01 d8")));
    CHECK_FALSE(is_repeated_string(decode_32("f3 0f 10 c1")));
}

TEST_CASE("flags of most instructions are the row's") {
    CHECK(flags("01 d8") == FlagUse{0, kAll, 0, kAll});
    CHECK(flags("31 d8") == FlagUse{0, kAll & ~kA, kA, kAll});
    CHECK(flags("11 d8") == FlagUse{kC, kAll, 0, kAll});
    CHECK(flags("89 d8") == FlagUse{});
    CHECK(flags("74 00") == FlagUse{kFlagZf, 0, 0, 0});
}

TEST_CASE("flags of a shift depend on its count") {
    CHECK(flags("d1 e0") == FlagUse{0, kC | kResult | kO, kA, kAll});
    CHECK(flags("c1 e0 05") == FlagUse{0, kC | kResult, kA | kO, kAll});
    CHECK(flags("c1 e0 20") == FlagUse{});                                // by 32 is by none
    CHECK(flags("c0 e0 08") == FlagUse{0, kResult, kA | kO | kC, kAll});  // out of AL
    CHECK(flags("c0 f8 08") == FlagUse{0, kC | kResult, kA | kO, kAll});  // SAR
    CHECK(flags("d3 e0") == FlagUse{0, 0, kA | kO, kAll});                // by CL
    CHECK(flags("d2 e0") == FlagUse{0, 0, kA | kO | kC, kAll});
    CHECK(flags("0f a4 d0 01") == FlagUse{0, kC | kResult | kO, kA, kAll});  // SHLD
    CHECK(flags("66 0f a4 d0 11") == FlagUse{0, 0, kAll, kAll});             // by 17 of 16 bits
    CHECK(flags("66 0f a5 d0") == FlagUse{0, 0, kAll, kAll});
}

TEST_CASE("flags of a rotation depend on its count") {
    CHECK(flags("d1 c0") == FlagUse{0, kC | kO, 0, kC | kO});
    CHECK(flags("c1 c0 05") == FlagUse{0, kC, kO, kC | kO});
    CHECK(flags("c1 c0 00") == FlagUse{});
    CHECK(flags("d3 d0") == FlagUse{kC, 0, kO, kC | kO});  // RCL by CL
    CHECK(flags("d1 d0") == FlagUse{kC, kC | kO, 0, kC | kO});
}

TEST_CASE("what may not be reached is not promised") {
    CHECK(flags("a6") == FlagUse{kFlagDf, kAll, 0, kAll});  // CMPSB
    CHECK(flags("f3 a6") == FlagUse{kFlagDf, 0, 0, kAll});  // the count may be zero
    CHECK(flags("db f1") == FlagUse{0, 0, 0, kAll});        // FCOMI, unmasked #IA
    CHECK(flags("0f 2f c1") == FlagUse{0, kAll, 0, kAll});  // COMISS faults instead
}

}  // namespace seventeen::decoder
