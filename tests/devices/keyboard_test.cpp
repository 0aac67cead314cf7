// Tests of the keyboard alone: its commands and codes (IBM PS/2 Technical Reference, Keyboards).
#include "devices/keyboard.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

using Bytes = std::vector<u8>;

struct Fixture {
    TestClock clock;
    Keyboard keyboard{clock.scheduler};

    Bytes output() {
        Bytes bytes;
        while (keyboard.has_output()) bytes.push_back(keyboard.take_output());
        return bytes;
    }
    Bytes command(std::initializer_list<u8> bytes) {
        Bytes answer;
        for (const u8 byte : bytes) {
            keyboard.receive(byte);
            for (const u8 reply : output()) answer.push_back(reply);
        }
        return answer;
    }
    Bytes tap(KeyCode code) {
        keyboard.press(code);
        keyboard.release(code);
        return output();
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Every keyboard command is answered", "[keyboard]") {
    CHECK(command({0xff}) == Bytes{0xfa, 0xaa});
    CHECK(command({0xee}) == Bytes{0xee});
    CHECK(command({0xf2}) == Bytes{0xfa, 0xab, 0x83});
    CHECK(command({0xfe}) == Bytes{0x83});
    CHECK(command({0xed, 0x05}) == Bytes{0xfa, 0xfa});
    CHECK(keyboard.leds() == 5);
    CHECK(command({0xf3, 0x7f}) == Bytes{0xfa, 0xfa});
    CHECK(command({0xf0, 0x00}) == Bytes{0xfa, 0xfa, 0x02});
    CHECK(command({0xf0, 0x03}) == Bytes{0xfa, 0xfa});
    CHECK(command({0xf0, 0x00}) == Bytes{0xfa, 0xfa, 0x03});
    CHECK(command({0xf0, 0x04}) == Bytes{0xfa, 0xfe});
    CHECK(command({0xf4}) == Bytes{0xfa});
    CHECK(command({0xf5}) == Bytes{0xfa});
    CHECK(command({0xf6}) == Bytes{0xfa});
    for (u8 all = 0xf7; all <= 0xfa; ++all) CHECK(command({all}) == Bytes{0xfa});
    CHECK(command({0xfd, 0x1c, 0x32, 0xf4}) == Bytes{0xfa, 0xfa, 0xfa, 0xfa});
    CHECK(command({0xef}) == Bytes{0xfe});
    CHECK(command({0x12}) == Bytes{0xfe});
    CHECK(command({0xed, 0xf2}) == Bytes{0xfa, 0xfa, 0xab, 0x83});  // no argument after all
}

TEST_CASE_METHOD(Fixture, "A key has its codes in each set", "[keyboard]") {
    CHECK(tap(KeyCode::kA) == Bytes{0x1c, 0xf0, 0x1c});
    CHECK(tap(KeyCode::kF7) == Bytes{0x83, 0xf0, 0x83});
    CHECK(tap(KeyCode::kUp) == Bytes{0xe0, 0x75, 0xe0, 0xf0, 0x75});
    command({0xf0, 0x01});
    CHECK(tap(KeyCode::kA) == Bytes{0x1e, 0x9e});
    CHECK(tap(KeyCode::kF7) == Bytes{0x41, 0xc1});
    CHECK(tap(KeyCode::kUp) == Bytes{0xe0, 0x48, 0xe0, 0xc8});
    command({0xf0, 0x03});
    CHECK(tap(KeyCode::kA) == Bytes{0x1c});
    CHECK(tap(KeyCode::kShiftLeft) == Bytes{0x12, 0xf0, 0x12});
    CHECK(tap(KeyCode::kUp) == Bytes{0x63});
    command({0xfc, 0x63});
    CHECK(tap(KeyCode::kUp) == Bytes{0x63, 0xf0, 0x63});
    command({0xfa});
    CHECK(tap(KeyCode::kA) == Bytes{0x1c, 0xf0, 0x1c});
}

TEST_CASE_METHOD(Fixture, "Print Screen and Pause depend on the shift keys", "[keyboard]") {
    CHECK(tap(KeyCode::kPrintScreen) ==
          Bytes{0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12});
    CHECK(tap(KeyCode::kPause) == Bytes{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77});
    keyboard.press(KeyCode::kControlLeft);
    output();
    CHECK(tap(KeyCode::kPause) == Bytes{0xe0, 0x7e, 0xe0, 0xf0, 0x7e});
    CHECK(tap(KeyCode::kPrintScreen) == Bytes{0xe0, 0x7c, 0xe0, 0xf0, 0x7c});
    keyboard.press(KeyCode::kAltLeft);
    output();
    CHECK(tap(KeyCode::kPrintScreen) == Bytes{0x84, 0xf0, 0x84});
}

TEST_CASE("Keys have distinct names and codes", "[keyboard]") {
    std::set<std::string_view> names;
    std::set<u16> set2;
    std::set<u8> set3;
    for (std::size_t i = 0; i < kKeyCount; ++i) {
        const Key& key = devices::key(static_cast<KeyCode>(i));
        names.insert(key.name);
        set2.insert(key.set2);
        set3.insert(key.set3);
        CHECK(key_named(key.name) == static_cast<KeyCode>(i));
    }
    CHECK(names.size() == kKeyCount);
    CHECK(set2.size() == kKeyCount);
    CHECK(set3.size() == kKeyCount);
    CHECK(key_named("ret") == KeyCode::kEnter);
    CHECK_FALSE(key_named("any"));
}

TEST_CASE_METHOD(Fixture, "A held key repeats after its delay", "[keyboard]") {
    constexpr u64 kMillisecond = 1'000'000;
    command({0xf3, 0x20});  // 500 ms, then 30 a second
    keyboard.press(KeyCode::kX);
    CHECK(output() == Bytes{0x22});
    clock.advance(500 * kMillisecond - 1);
    CHECK(output().empty());
    clock.advance(1);
    CHECK(output() == Bytes{0x22});
    clock.advance(33 * kMillisecond);
    CHECK(output().empty());
    clock.advance(kMillisecond);
    CHECK(output() == Bytes{0x22});
    clock.advance(10'000 * kMillisecond);
    CHECK(output() == Bytes{0x22});  // one waits, the others were not made
    keyboard.release(KeyCode::kX);
    CHECK(output() == Bytes{0xf0, 0x22});
    clock.advance(10'000 * kMillisecond);
    CHECK(output().empty());
    CHECK_FALSE(clock.scheduler.next_tick() < Scheduler::kNever);
}

TEST_CASE_METHOD(Fixture, "A full buffer ends with one overrun code", "[keyboard]") {
    for (unsigned i = 0; i < 7; ++i) {
        keyboard.press(KeyCode::kA);
        keyboard.release(KeyCode::kA);
    }
    const Bytes bytes = output();
    REQUIRE(bytes.size() == 17);
    CHECK(bytes[15] == 0x1c);
    CHECK(bytes[16] == 0x00);
    CHECK(tap(KeyCode::kA) == Bytes{0x1c, 0xf0, 0x1c});
}

TEST_CASE_METHOD(Fixture, "A disabled keyboard does not scan", "[keyboard]") {
    command({0xf5});
    CHECK(tap(KeyCode::kA).empty());
    command({0xf4});
    CHECK(tap(KeyCode::kA).size() == 3);
    keyboard.press(KeyCode::kA);
    keyboard.press(KeyCode::kA);
    CHECK(output() == Bytes{0x1c});
}

}  // namespace seventeen::devices
