// Line: listeners hear changes of level only.
#include "core/line.h"

#include <catch2/catch.hpp>
#include <string>

namespace seventeen {

TEST_CASE("a listener hears changes, not repetitions") {
    Line line;
    line.raise();  // unconnected: goes nowhere
    std::string heard;
    line.connect([&](bool level) { heard += level ? '1' : '0'; });
    line.raise();
    CHECK(heard.empty());
    line.lower();
    line.lower();
    line.pulse();
    CHECK(heard == "010");
    line.restore(true);
    CHECK(line.level());
    CHECK(heard == "010");
}

}  // namespace seventeen
