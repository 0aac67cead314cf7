// The countdown: readable where instructions are left, and below that nothing for 4 GiB.
#include "translator/countdown.h"

#include <catch2/catch.hpp>

#include "tests/translator/host_mappings.h"

namespace seventeen::translator {

namespace {

// Is some mapping that can be read within [first, end)?
bool readable_within(u64 first, u64 end) {
    for (const Mapping& mapping : mappings_within(first, end)) {
        if (mapping.rights.front() == 'r') return true;
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
