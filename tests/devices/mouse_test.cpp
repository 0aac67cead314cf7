// Tests of the mouse alone: its commands and packets (IBM PS/2 Technical Reference, Mouse).
#include "devices/mouse.h"

#include <catch2/catch.hpp>

#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

using Bytes = std::vector<u8>;

struct Fixture {
    TestClock clock;
    Mouse mouse{clock.scheduler};

    Bytes output() {
        Bytes bytes;
        while (mouse.has_output()) bytes.push_back(mouse.take_output());
        return bytes;
    }
    Bytes command(std::initializer_list<u8> bytes) {
        Bytes answer;
        for (const u8 byte : bytes) {
            mouse.receive(byte);
            for (const u8 reply : output()) answer.push_back(reply);
        }
        return answer;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Every mouse command is answered", "[mouse]") {
    CHECK(command({0xff}) == Bytes{0xfa, 0xaa, 0x00});
    CHECK(command({0xf2}) == Bytes{0xfa, 0x00});
    CHECK(command({0xe9}) == Bytes{0xfa, 0x00, 2, 100});
    CHECK(command({0xe8, 3, 0xf3, 40, 0xe7, 0xf4}) == Bytes(6, 0xfa));
    mouse.move(0, 0, 0, Mouse::kLeft);
    output();
    CHECK(command({0xe9}) == Bytes{0xfa, 0x34, 3, 40});
    CHECK(command({0xe6, 0xf5, 0xf0}) == Bytes(3, 0xfa));
    CHECK(command({0xe9}) == Bytes{0xfa, 0x44, 3, 40});
    CHECK(command({0xf6, 0xea}) == Bytes(2, 0xfa));
    CHECK(command({0xe9}) == Bytes{0xfa, 0x04, 2, 100});
    CHECK(command({0xfe}) == Bytes{100});
    CHECK(command({0xf3, 41}) == Bytes{0xfa, 0xfe});
    CHECK(command({0xe8, 4}) == Bytes{0xfa, 0xfe});
    CHECK(command({0xe1}) == Bytes{0xfe});
}

TEST_CASE_METHOD(Fixture, "Wrap mode echoes", "[mouse]") {
    CHECK(command({0xee, 0x55, 0xf2, 0xec, 0xf2}) == Bytes{0xfa, 0x55, 0xf2, 0xfa, 0xfa, 0x00});
    CHECK(command({0xee, 0xff}) == Bytes{0xfa, 0xfa, 0xaa, 0x00});
}

TEST_CASE_METHOD(Fixture, "A stream reports once in a sample period", "[mouse]") {
    mouse.move(1, 1, 0, 0);
    CHECK(output().empty());  // not enabled
    command({0xf4});
    mouse.move(3, 5, 0, Mouse::kRight);
    CHECK(output() == Bytes{0x2a, 0x03, 0xfb});
    mouse.move(-1, 0, 0, Mouse::kRight);
    mouse.move(-1, -2, 0, Mouse::kRight);
    CHECK(output().empty());
    clock.advance(10'000'000 - 1);
    CHECK(output().empty());
    clock.advance(1);
    CHECK(output() == Bytes{0x1a, 0xfe, 0x02});
    clock.advance(1'000'000'000);
    CHECK(output().empty());
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
    mouse.move(600, 0, 0, 0);
    CHECK(output() == Bytes{0x08, 0xff, 0x00});
    clock.advance(10'000'000);
    CHECK(output() == Bytes{0x08, 0xff, 0x00});
    clock.advance(10'000'000);
    CHECK(output() == Bytes{0x08, 90, 0x00});
}

TEST_CASE_METHOD(Fixture, "Remote mode reports when asked, unscaled", "[mouse]") {
    command({0xf0, 0xe7});
    mouse.move(4, -4, 0, 0);
    CHECK(output().empty());
    CHECK(command({0xeb}) == Bytes{0xfa, 0x08, 0x04, 0x04});
    CHECK(command({0xeb}) == Bytes{0xfa, 0x08, 0x00, 0x00});
}

TEST_CASE_METHOD(Fixture, "Double scaling follows IBM's table", "[mouse]") {
    const auto [counts, reported] = GENERATE(
        table<int, u8>({{1, u8{1}}, {2, u8{1}}, {3, u8{3}}, {4, u8{6}}, {5, u8{9}}, {6, u8{12}}}));
    command({0xf4, 0xe7});
    mouse.move(counts, 0, 0, 0);
    CHECK(output() == Bytes{0x08, reported, 0x00});
}

TEST_CASE_METHOD(Fixture, "Knocking wakes the wheel and the side buttons", "[mouse]") {
    command({0xf3, 200, 0xf3, 100, 0xf3, 80});
    CHECK(command({0xf2}) == Bytes{0xfa, 0x03});
    command({0xf4});
    mouse.move(0, 0, -1, Mouse::kMiddle);
    CHECK(output() == Bytes{0x0c, 0, 0, 0xff});
    command({0xf3, 200, 0xf3, 200, 0xf3, 80});
    CHECK(command({0xf2}) == Bytes{0xfa, 0x04});
    clock.advance(100'000'000);
    mouse.move(0, 0, -1, Mouse::kFourth | Mouse::kLeft);
    CHECK(output() == Bytes{0x09, 0, 0, 0x1f});
    command({0xff});
    CHECK(command({0xf2}) == Bytes{0xfa, 0x00});
}

}  // namespace seventeen::devices
