// The countdown: readable where instructions are left, and below that nothing for 4 GiB.
#include "translator/countdown.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

namespace seventeen::translator {

namespace {

// Is some mapping that can be read within [first, end)?
bool readable_within(u64 first, u64 end) {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        const std::size_t dash = line.find('-');
        const u64 from = std::stoull(line.substr(0, dash), nullptr, 16);
        const u64 to = std::stoull(line.substr(dash + 1), nullptr, 16);
        if (from < end && first < to && line[line.find(' ') + 1] == 'r') return true;
    }
    return false;
}

}  // namespace

TEST_CASE("Instructions are left from the base upwards, and none below") {
    const Countdown countdown;
    // SAFETY: the countdown's own memory.
    CHECK(*reinterpret_cast<const u8*>(countdown.base()) == 0);
    CHECK(*reinterpret_cast<const u8*>(countdown.base() + Countdown::kMost - 1) == 0);
    CHECK_FALSE(readable_within(countdown.base() - (u64{1} << 32), countdown.base()));
    CHECK(countdown.holds(countdown.base() - 1));
    CHECK(countdown.holds(countdown.base() - (u64{1} << 32)));
    CHECK(countdown.holds(countdown.base() + Countdown::kMost - 1));
    CHECK_FALSE(countdown.holds(countdown.base() + Countdown::kMost));
}

}  // namespace seventeen::translator
