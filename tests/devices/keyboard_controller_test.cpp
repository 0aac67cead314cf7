// Tests of the i8042 with keyboard and mouse, as a driver uses them.
#include "devices/keyboard_controller.h"

#include <catch2/catch.hpp>

#include "devices/keyboard.h"
#include "devices/mouse.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

using Bytes = std::vector<u8>;
constexpr u64 kByte = 66'000;

struct Fixture {
    TestClock clock;
    Keyboard keyboard{clock.scheduler};
    Mouse mouse{clock.scheduler};
    KeyboardController controller{clock.scheduler, keyboard, mouse};

    u8 status() { return static_cast<u8>(controller.read(KeyboardController::kCommandPort, 0, 1)); }
    u8 data() { return static_cast<u8>(controller.read(KeyboardController::kDataPort, 0, 1)); }
    void command(u8 value) { controller.write(KeyboardController::kCommandPort, 0, value, 1); }
    void write(u8 value) { controller.write(KeyboardController::kDataPort, 0, value, 1); }
    u8 ask(u8 value) {
        command(value);
        return data();
    }
    // What comes within a few bytes' time.
    Bytes drain() {
        Bytes bytes;
        for (unsigned i = 0; i < 40; ++i) {
            clock.advance(kByte);
            if (status() & 1) bytes.push_back(data());
        }
        return bytes;
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "The controller answers its own commands", "[i8042]") {
    CHECK(status() == 0x10);
    command(0xaa);
    CHECK(status() == 0x1d);
    CHECK(data() == 0x55);
    CHECK(status() == 0x1c);
    CHECK(ask(0xa9) == 0x00);
    CHECK(ask(0xab) == 0x00);
    CHECK(ask(0xc0) == 0x80);
    command(0x60);
    write(0x65);
    CHECK(ask(0x20) == 0x65);
    command(0xa7);
    command(0xad);
    CHECK(ask(0x20) == 0x75);
    command(0xa8);
    command(0xae);
    CHECK(ask(0x20) == 0x45);
    command(0x7f);
    write(0x99);
    CHECK(ask(0x3f) == 0x99);
    CHECK(status() == 0x1c);
    write(0xf4);
    CHECK((status() & 0x08) == 0);
}

TEST_CASE_METHOD(Fixture, "The output port drives A20 and reset", "[i8042]") {
    unsigned resets = 0;
    controller.reset_request().connect([&](bool level) { resets += level; });
    CHECK(controller.a20().level());
    CHECK(ask(0xd0) == 0xcf);
    command(0xd1);
    write(0xdd);
    CHECK_FALSE(controller.a20().level());
    CHECK(ask(0xd0) == 0xcd);
    command(0xd1);
    write(0xdf);
    CHECK(controller.a20().level());
    command(0xdd);
    CHECK_FALSE(controller.a20().level());
    command(0xdf);
    CHECK(controller.a20().level());
    CHECK(resets == 0);
    command(0xff);
    CHECK(resets == 0);
    command(0xfe);
    CHECK(resets == 1);
    command(0xd1);
    write(0xde);
    CHECK(resets == 2);
}

TEST_CASE_METHOD(Fixture, "A key arrives with IRQ 1 after its time on the wire", "[i8042]") {
    keyboard.press(KeyCode::kA);
    clock.advance(kByte - 1);
    CHECK(status() == 0x10);
    clock.advance(1);
    CHECK(status() == 0x11);
    CHECK(controller.keyboard_interrupt().level());
    CHECK_FALSE(controller.mouse_interrupt().level());
    CHECK(ask(0xd0) == 0x1c);  // the answer waits until the key has been read
    CHECK((data() & 0x30) == 0x10);
    CHECK_FALSE(controller.keyboard_interrupt().level());
    command(0x60);
    write(0x00);
    keyboard.release(KeyCode::kA);
    clock.advance(kByte);
    CHECK(status() == 0x11);
    CHECK_FALSE(controller.keyboard_interrupt().level());
    command(0x60);
    write(0x01);
    CHECK(controller.keyboard_interrupt().level());
}

TEST_CASE_METHOD(Fixture, "Translation turns set 2 into set 1", "[i8042]") {
    keyboard.press(KeyCode::kLeft);
    keyboard.release(KeyCode::kLeft);
    CHECK(drain() == Bytes{0xe0, 0x6b, 0xe0, 0xf0, 0x6b});
    command(0x60);
    write(0x41);
    keyboard.press(KeyCode::kLeft);
    keyboard.release(KeyCode::kLeft);
    CHECK(drain() == Bytes{0xe0, 0x4b, 0xe0, 0xcb});
    keyboard.press(KeyCode::kPause);
    CHECK(drain() == Bytes{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5});
    write(0xf2);
    CHECK(drain() == Bytes{0xfa, 0xab, 0x41});
    write(0xff);
    CHECK(drain() == Bytes{0xfa, 0xaa});
}

TEST_CASE_METHOD(Fixture, "A port that is off sends nothing until it is on", "[i8042]") {
    command(0xad);
    keyboard.press(KeyCode::kA);
    CHECK(drain().empty());
    command(0xae);
    CHECK(drain() == Bytes{0x1c});
    command(0xad);
    write(0xee);  // sending to the keyboard switches it on
    CHECK(drain() == Bytes{0xee});
    CHECK((ask(0x20) & 0x10) == 0);
}

TEST_CASE_METHOD(Fixture, "The mouse speaks through the second port", "[i8042]") {
    command(0xd4);
    write(0xf4);
    clock.advance(kByte);
    CHECK(status() == 0x31);
    CHECK(controller.mouse_interrupt().level());
    CHECK_FALSE(controller.keyboard_interrupt().level());
    CHECK(data() == 0xfa);
    CHECK_FALSE(controller.mouse_interrupt().level());
    mouse.move(2, 0, 0, 0);
    CHECK(drain() == Bytes{0x08, 0x02, 0x00});
    command(0xa7);
    mouse.move(2, 0, 0, 0);
    CHECK(drain().empty());
}

TEST_CASE_METHOD(Fixture, "Bytes can be put into the output buffer", "[i8042]") {
    command(0xd2);
    write(0x12);
    CHECK(status() == 0x11);
    CHECK(controller.keyboard_interrupt().level());
    CHECK(data() == 0x12);
    command(0xd3);
    write(0x34);
    CHECK(status() == 0x31);
    CHECK(controller.mouse_interrupt().level());
    CHECK(data() == 0x34);
}

TEST_CASE_METHOD(Fixture, "A restored controller goes on where it was", "[i8042]") {
    command(0x60);
    write(0x43);
    command(0xd4);
    write(0xf4);
    drain();
    mouse.move(5, 6, 0, 1);
    keyboard.press(KeyCode::kDelete);
    keyboard.release(KeyCode::kDelete);
    keyboard.press(KeyCode::kB);
    clock.advance(kByte);
    const std::vector<u8> image = saved(clock, controller);

    Fixture other;
    restore(image, clock.retired, other.clock, other.controller);
    CHECK(saved(other.clock, other.controller) == image);
    CHECK(other.controller.keyboard_interrupt().level());
    const Bytes expected = drain();
    CHECK(expected == Bytes{0xe0, 0x53, 0xe0, 0xd3, 0x30, 0x29, 0x05, 0xfa});
    CHECK(other.drain() == expected);
    clock.advance(3'000'000'000);
    other.clock.advance(3'000'000'000);
    CHECK(saved(other.clock, other.controller) == saved(clock, controller));
}

}  // namespace seventeen::devices
