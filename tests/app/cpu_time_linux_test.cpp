// CPU time grows while this process computes.
#include <catch2/catch.hpp>

#include "app/cpu_time.h"

namespace seventeen::app {

TEST_CASE("Computing costs CPU time") {
    const CpuTime before = cpu_time();
    volatile unsigned work = 0;
    CpuTime now = before;
    for (unsigned round = 0; now.user + now.system < before.user + before.system + 0.02; ++round) {
        REQUIRE(round < 100'000);
        for (unsigned i = 0; i < 100'000; ++i) work = work + i;
        now = cpu_time();
    }
    CHECK(now.user >= before.user);
    CHECK(now.system >= before.system);
}

}  // namespace seventeen::app
