// Inputs survive the event log, and damaged events are refused.
#include "machine/input.h"

#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::machine {

TEST_CASE("Every input comes back as it went into the log") {
    const Input inputs[] = {
        KeyInput{devices::KeyCode::kA, true},
        MouseInput{-3, 70000, 1, 5},
        SerialInput{1, {'h', 'i', 0}},
        SerialInput{0, {}},
        FrameInput{{1, 2, 3}},
        RateInput{{.nanoseconds = 7, .ticks = 3}},
        ButtonInput{Button::kReset},
    };
    for (const Input& input : inputs) {
        const LoggedEvent event = encode(1234, input);
        CHECK(event.tick == 1234);
        CHECK(decode(event) == input);
    }
}

TEST_CASE("Events that no input makes are refused") {
    LoggedEvent event = encode(1, KeyInput{devices::KeyCode::kA, true});
    SECTION("too short") {
        event.data.pop_back();
    }
    SECTION("too long") {
        event.data.push_back(0);
    }
    SECTION("no such key") {
        event.data[0] = 0xff;
    }
    SECTION("neither up nor down") {
        event.data.back() = 2;
    }
    SECTION("an unknown source") {
        event.source = "tea leaves";
    }
    SECTION("a rate of nothing") {
        event = encode(1, RateInput{{.nanoseconds = 0, .ticks = 1}});
    }
    CHECK_THROWS_AS(decode(event), Error);
}

}  // namespace seventeen::machine
