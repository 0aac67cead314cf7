// ArithmeticFlags: all 64 combinations of the six flags can be held and changed.
#include "core/flags.h"

#include <catch2/catch.hpp>

namespace seventeen {

namespace {

// Spreads six bits over the places of the arithmetic flags.
u32 combination(unsigned bits) {
    u32 flags = 0;
    for (const u32 flag : {kFlagCf, kFlagPf, kFlagAf, kFlagZf, kFlagSf, kFlagOf}) {
        if (bits & 1) flags |= flag;
        bits >>= 1;
    }
    return flags;
}

}  // namespace

TEST_CASE("every combination of flags reads back") {
    for (unsigned bits = 0; bits < 64; ++bits) {
        const u32 flags = combination(bits);
        ArithmeticFlags held;
        held.set(flags);
        CHECK(held.value() == flags);
        for (const bool carry : {false, true}) {
            ArithmeticFlags changed = held;
            changed.set_cf(carry);
            CHECK(changed.value() == ((flags & ~kFlagCf) | (carry ? kFlagCf : 0)));
        }
    }
}

TEST_CASE("a result shows ZF, SF and PF; carries show the rest") {
    ArithmeticFlags flags{static_cast<u64>(s64{-128}), 0};
    CHECK(flags.value() == kFlagSf);
    flags = {3, ArithmeticFlags::kCarry | ArithmeticFlags::kAdjust};
    CHECK(flags.value() == (kFlagCf | kFlagOf | kFlagAf | kFlagPf));
    flags = {0, ArithmeticFlags::kCarry | ArithmeticFlags::kCarryIntoSign};
    CHECK(flags.value() == (kFlagCf | kFlagZf | kFlagPf));
    CHECK(ArithmeticFlags{3, 0} == ArithmeticFlags{5, 0});
}

}  // namespace seventeen
