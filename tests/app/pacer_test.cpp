// The pacer's rate follows the host's speed, and waiting follows the clocks.
#include "app/pacer.h"

#include <catch2/catch.hpp>

namespace seventeen::app {

namespace {

using namespace std::chrono_literals;

constexpr TickRate kFourNanoseconds{.nanoseconds = 4, .ticks = 1};
constexpr u64 kSecond = 1'000'000'000;

}  // namespace

TEST_CASE("A guest ahead of the wall clock waits") {
    const Pacer::Clock::time_point start{};
    Pacer pacer(start, kSecond);
    CHECK(pacer.ahead(start + 10ms, kSecond + 30'000'000) == 20ms);
    CHECK(pacer.ahead(start + 40ms, kSecond + 30'000'000) == -10ms);
    // Far behind: what is lost is forgotten.
    CHECK(pacer.ahead(start + 2s, 2 * kSecond) == 0ms);
    CHECK(pacer.ahead(start + 2s, 2 * kSecond + 5'000'000) == 5ms);
}

TEST_CASE("The rate follows what an instruction costs the host") {
    Pacer pacer({}, 0);
    SECTION("too little is known") {
        CHECK_FALSE(pacer.ran(1000, 1ms, kFourNanoseconds));
    }
    SECTION("a slow host") {
        const auto rate = pacer.ran(40'000'000, 400ms, kFourNanoseconds);  // 10 ns each
        REQUIRE(rate);
        CHECK(rate->nanoseconds == 11500);
        CHECK(rate->ticks == 1000);
    }
    SECTION("a fast host") {
        const auto rate = pacer.ran(400'000'000, 400ms, kFourNanoseconds);  // 1 ns each
        REQUIRE(rate);
        CHECK(rate->nanoseconds == 1150);
    }
    SECTION("a host that is as fast as the rate") {
        CHECK_FALSE(pacer.ran(100'000'000, 350ms, kFourNanoseconds));  // 3.5 ns each
    }
}

}  // namespace seventeen::app
