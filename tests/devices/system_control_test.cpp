// SystemControl: ports 61h and 92h as the 82371SB's datasheet has them.
#include "devices/system_control.h"

#include <catch2/catch.hpp>

#include "devices/interval_timer.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

constexpr unsigned kPortA = SystemControl::kPortA;
constexpr unsigned kPortB = SystemControl::kPortB;

struct Board {
    TestClock clock;
    IntervalTimer timer{clock.scheduler};
    SystemControl chip{clock.scheduler, [this] { return timer.output(2); }};
    unsigned resets = 0;

    Board() {
        chip.timer_gate().connect([this](bool level) { timer.set_gate(2, level); });
        chip.reset_request().connect([this](bool level) { resets += level; });
    }
    unsigned in(unsigned region) { return static_cast<unsigned>(chip.read(region, 0, 1)); }
    void out(unsigned region, u8 value) { chip.write(region, 0, value, 1); }
};

}  // namespace

TEST_CASE("port 61h: the refresh bit toggles every 15 microseconds") {
    Board board;
    unsigned toggles = 0;
    unsigned last = board.in(kPortB)&0x10;
    for (int i = 0; i < 1000; ++i) {
        board.clock.advance(1000);
        const unsigned now = board.in(kPortB)&0x10;
        toggles += now != last;
        last = now;
    }
    CHECK(toggles == 66);  // in a millisecond
}

TEST_CASE("port 61h: measures a delay with timer 2 as firmware does") {
    Board board;
    board.out(kPortB, 0x01);
    CHECK(board.chip.timer_gate().level());
    board.timer.write(0, 3, 0xb0, 1);
    board.timer.write(0, 2, 0xa9, 1);
    board.timer.write(0, 2, 0x04, 1);  // 1193 pulses, a millisecond
    CHECK((board.in(kPortB)&0x20) == 0);
    board.clock.advance(999'000);
    CHECK((board.in(kPortB)&0x20) == 0);
    board.clock.advance(3'000);
    CHECK((board.in(kPortB)&0x20) != 0);
}

TEST_CASE("port 61h: only the lower four bits are written") {
    Board board;
    board.out(kPortB, 0xff);
    CHECK((board.in(kPortB)&0xcf) == 0x0f);
    CHECK(board.chip.speaker_enable().level());
    board.out(kPortB, 0x00);
    CHECK((board.in(kPortB)&0xcf) == 0x00);
    CHECK_FALSE(board.chip.speaker_enable().level());
    CHECK_FALSE(board.chip.timer_gate().level());
}

TEST_CASE("port 92h: opens A20 and resets on the rise of its bit only") {
    Board board;
    board.out(kPortA, 0x02);
    CHECK(board.chip.a20().level());
    CHECK(board.in(kPortA) == 0x02);
    CHECK(board.resets == 0);
    board.out(kPortA, 0x03);
    CHECK(board.resets == 1);
    board.out(kPortA, 0x03);
    CHECK(board.resets == 1);
    board.chip.reset();
    CHECK_FALSE(board.chip.a20().level());
    board.out(kPortA, 0x01);
    CHECK(board.resets == 2);
}

TEST_CASE("system control: restores what it saved") {
    Board board;
    board.out(kPortB, 0x0b);
    board.out(kPortA, 0x02);
    Writer writer;
    board.chip.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Board other;
    Reader reader(image, "test");
    other.chip.restore(reader);
    reader.finish();
    CHECK((other.in(kPortB)&0x0f) == 0x0b);
    CHECK(other.in(kPortA) == 0x02);
    CHECK(other.chip.a20().level());
    CHECK(other.chip.timer_gate().level());
    CHECK(other.chip.speaker_enable().level());
}

}  // namespace seventeen::devices
