// The host's units as we use them: results under a chosen MXCSR, and the judgement of exactness.
#include "interpreter/host_sse.h"

#include <catch2/catch.hpp>
#include <limits>

namespace seventeen::interpreter::host_sse {

namespace {

constexpr u32 kRoundNearest = 0x1f80;
constexpr u32 kRoundDown = 0x3f80;
constexpr u32 kRoundUp = 0x5f80;

float under(u32 mxcsr, float a, float b) {
    const u32 before = read_mxcsr();
    write_mxcsr(mxcsr);
    const float result = Divide::run(a, b);
    write_mxcsr(before);
    return result;
}

}  // namespace

TEST_CASE("an operation runs under the MXCSR that was written before it") {
    const float nearest = under(kRoundNearest, 1, 10);
    CHECK(under(kRoundDown, 1, 10) < nearest);
    CHECK(nearest == 0.1f);
}

TEST_CASE("flags are raised by the operation and nothing else") {
    const u32 before = read_mxcsr();
    write_mxcsr(kRoundNearest);
    static_cast<void>(Add::run(1.0, 2.0));
    const u32 exact = read_mxcsr();
    static_cast<void>(Divide::run(1.0, 3.0));
    const u32 inexact = read_mxcsr();
    write_mxcsr(before);
    CHECK(exact == kRoundNearest);
    CHECK(inexact == (kRoundNearest | 0x20));
}

TEST_CASE("exactness is judged by the format's precision with unbounded exponents") {
    constexpr double kGreatest = std::numeric_limits<double>::max();
    constexpr double kLeast = std::numeric_limits<double>::min();
    constexpr double kNextToOne = 1 + std::numeric_limits<double>::epsilon();
    CHECK_FALSE(inexact_unbounded(Rounded::kSum, {kGreatest, kGreatest, false}, kRoundNearest));
    CHECK(inexact_unbounded(Rounded::kSum, {kGreatest, 1, false}, kRoundNearest));
    CHECK_FALSE(
        inexact_unbounded(Rounded::kDifference, {kGreatest, -kGreatest, false}, kRoundNearest));
    CHECK(inexact_unbounded(Rounded::kDifference, {kLeast, -1, false}, kRoundUp));
    CHECK_FALSE(inexact_unbounded(Rounded::kProduct, {kLeast, kLeast, false}, kRoundNearest));
    CHECK(inexact_unbounded(Rounded::kProduct, {kNextToOne, kNextToOne, false}, kRoundNearest));
    CHECK_FALSE(inexact_unbounded(Rounded::kQuotient, {kLeast, 2, false}, kRoundNearest));
    CHECK(inexact_unbounded(Rounded::kQuotient, {kLeast, 3, false}, kRoundNearest));
    // 24 bits: what is exact for a double is not for a float.
    CHECK(inexact_unbounded(Rounded::kProduct, {kNextToOne, 1, true}, kRoundNearest));
    CHECK_FALSE(inexact_unbounded(Rounded::kProduct, {1.5, 1, true}, kRoundNearest));
}

// Of the divisions a / b and b / a only the first is exact.
TEST_CASE("operands keep their order") {
    CHECK_FALSE(inexact_unbounded(Rounded::kQuotient, {3, 1, false}, kRoundNearest));
    CHECK(inexact_unbounded(Rounded::kQuotient, {1, 3, false}, kRoundNearest));
}

TEST_CASE("the x87 unit is left as it was") {
    u16 before, after;
    asm volatile("fnstcw %0" : "=m"(before));
    static_cast<void>(inexact_unbounded(Rounded::kQuotient, {1, 3, true}, kRoundUp));
    asm volatile("fnstcw %0" : "=m"(after));
    CHECK(before == after);
    u16 status;
    asm volatile("fnstsw %0" : "=m"(status));
    CHECK((status & 0x3f) == 0);
}

}  // namespace seventeen::interpreter::host_sse
