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
    const bool dense = GENERATE(false, true);
    const Countdown countdown(dense);
    const unsigned shift = dense ? Countdown::kShift : 0;
    const auto address_of = [&](u64 left) { return (countdown.start() + left) >> shift; };
    const auto byte_of = [&](u64 left) {
        // SAFETY: the countdown's own memory.
        return *reinterpret_cast<const u8*>(address_of(left));
    };
    CHECK(byte_of(0) == 0);
    CHECK(byte_of(Countdown::kMost - 1) == 0);
    const u64 first = address_of(0);
    CHECK(address_of(~u64{0}) == first - 1);
    CHECK_FALSE(readable_within(first - (u64{1} << 32), first));
    CHECK(countdown.holds(first - 1));
    CHECK(countdown.holds(first - (u64{1} << 32)));
    CHECK(countdown.holds(address_of(Countdown::kMost - 1)));
    CHECK_FALSE(countdown.holds(address_of(Countdown::kMost)));
}

}  // namespace seventeen::translator
