// How fast a run was, in words.
#include "app/report.h"

#include <catch2/catch.hpp>

namespace seventeen::app {

TEST_CASE("A run's speed") {
    CHECK(describe_speed(3'000'000, {0.5, 0.25}) ==
          "3000000 instructions, 0.750 s of CPU time (0.500 user, 0.250 system), 4.0 million "
          "instructions per second\n");
    CHECK(describe_speed(0, {}) ==
          "0 instructions, 0.000 s of CPU time (0.000 user, 0.000 system), 0.0 million "
          "instructions per second\n");
}

}  // namespace seventeen::app
