// RealTimeClock: calendar, update cycle and interrupts as the MC146818's datasheet has them.
#include "devices/real_time_clock.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kMillisecond = 1'000'000;
constexpr s64 kEpoch = 951'782'399;  // Monday 2000-02-28 23:59:59

struct Rtc {
    TestClock clock;
    RealTimeClock chip{clock.scheduler, kEpoch};
    unsigned interrupts = 0;

    Rtc() {
        chip.interrupt().connect([this](bool level) { interrupts += level; });
    }
    unsigned in(u8 index) {
        chip.write(0, 0, index, 1);
        return static_cast<unsigned>(chip.read(0, 1, 1));
    }
    void out(u8 index, u8 value) {
        chip.write(0, 0, index, 1);
        chip.write(0, 1, value, 1);
    }
    // Hours, minutes and seconds as hexadecimal digits, if the registers are BCD.
    unsigned time() { return in(4) << 16 | in(2) << 8 | in(0); }
    unsigned date() { return in(0x32) << 24 | in(9) << 16 | in(8) << 8 | in(7); }
};

}  // namespace

TEST_CASE("MC146818: the calendar runs in virtual time, over leap days") {
    Rtc rtc;
    CHECK(rtc.time() == 0x235959);
    CHECK(rtc.date() == 0x20000228);
    CHECK(rtc.in(6) == 2);
    rtc.clock.advance(kSecond - 1);
    CHECK(rtc.time() == 0x235959);
    rtc.clock.advance(1);
    CHECK(rtc.time() == 0x000000);
    CHECK(rtc.date() == 0x20000229);
    CHECK(rtc.in(6) == 3);
    rtc.clock.advance(86'400 * kSecond);
    CHECK(rtc.date() == 0x20000301);
    CHECK(rtc.clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE("MC146818: binary and twelve-hour formats") {
    Rtc rtc;
    rtc.out(0x0b, 0x82);
    rtc.out(0x0b, 0x84);  // binary, 12 hours
    rtc.out(0, 5);
    rtc.out(2, 30);
    rtc.out(4, 0x80 | 12);
    rtc.out(6, 7);
    rtc.out(7, 31);
    rtc.out(8, 12);
    rtc.out(9, 99);
    rtc.out(0x32, 19);
    rtc.out(0x0b, 0x04);
    CHECK(rtc.in(4) == (0x80 | 12));  // noon
    rtc.clock.advance(3600 * kSecond);
    CHECK(rtc.in(4) == (0x80 | 1));
    rtc.clock.advance(11 * 3600 * kSecond);
    CHECK(rtc.in(4) == 12);  // midnight
    CHECK(rtc.in(9) == 0);
    CHECK(rtc.in(0x32) == 20);
    CHECK(rtc.in(0x37) == 20);
    CHECK(rtc.in(6) == 1);  // the guest's own weekday runs on
    CHECK(rtc.in(2) == 30);
}

TEST_CASE("MC146818: SET stops the calendar, not the divider") {
    Rtc rtc;
    rtc.clock.advance(300 * kMillisecond);
    rtc.out(0x0b, 0x92);
    CHECK(rtc.in(0x0b) == 0x82);  // UIE is cleared
    rtc.out(0, 0x10);
    rtc.out(2, 0x20);
    rtc.out(4, 0x07);
    rtc.clock.advance(5 * kSecond);
    CHECK(rtc.time() == 0x072010);
    CHECK((rtc.in(0x0a) & 0x80) == 0);
    rtc.out(0x0b, 0x02);
    rtc.clock.advance(699 * kMillisecond);
    CHECK(rtc.time() == 0x072010);
    rtc.clock.advance(1 * kMillisecond);
    CHECK(rtc.time() == 0x072011);
}

TEST_CASE("MC146818: half a second after a divider reset the first update ends") {
    Rtc rtc;
    rtc.clock.advance(300 * kMillisecond);
    rtc.out(0x0a, 0x76);
    rtc.clock.advance(5 * kSecond);
    CHECK(rtc.time() == 0x235959);
    rtc.out(0x0a, 0x26);
    rtc.clock.advance(499 * kMillisecond);
    CHECK(rtc.time() == 0x235959);
    rtc.clock.advance(1 * kMillisecond);
    CHECK(rtc.time() == 0x000000);
}

TEST_CASE("MC146818: update in progress for 2228 us before each update ends") {
    Rtc rtc;
    rtc.clock.advance(kSecond - 2'228'000 - 1);
    CHECK((rtc.in(0x0a) & 0x80) == 0);
    rtc.clock.advance(1);
    CHECK((rtc.in(0x0a) & 0x80) != 0);
    rtc.clock.advance(2'227'999);
    CHECK((rtc.in(0x0a) & 0x80) != 0);
    rtc.clock.advance(1);
    CHECK(rtc.in(0x0a) == 0x26);
    rtc.out(0x0a, 0xa6);  // read-only
    CHECK(rtc.in(0x0a) == 0x26);
}

TEST_CASE("MC146818: values no calendar has carry over") {
    Rtc rtc;
    rtc.out(0x0b, 0x82);
    rtc.out(7, 0x31);
    rtc.out(8, 0x04);
    CHECK(rtc.in(7) == 0x31);
    rtc.out(0x0b, 0x02);
    CHECK(rtc.date() == 0x20000501);
    for (u8 index = 0; index < 10; ++index) rtc.out(index, 0xff);
    rtc.clock.advance(10 * kSecond);
    CHECK(rtc.in(0) <= 0x59);
}

TEST_CASE("MC146818: a periodic interrupt at each of the rates") {
    struct Rate {
        u8 select;
        u64 hertz;
    };
    const Rate rate =
        GENERATE(Rate{1, 256}, Rate{2, 128}, Rate{3, 8192}, Rate{6, 1024}, Rate{15, 2});
    Rtc rtc;
    rtc.out(0x0a, static_cast<u8>(0x20 | rate.select));
    rtc.in(0x0c);
    rtc.out(0x0b, 0x42);
    u64 count = 0;
    while (rtc.clock.scheduler.next_tick() <= kSecond) {
        rtc.clock.advance(rtc.clock.scheduler.next_tick() - rtc.clock.scheduler.ticks());
        CHECK(rtc.chip.interrupt().level());
        CHECK(rtc.clock.scheduler.next_tick() == Scheduler::kNever);  // until C is read
        REQUIRE((rtc.in(0x0c) & 0xc0) == 0xc0);
        CHECK_FALSE(rtc.chip.interrupt().level());
        ++count;
    }
    CHECK(count == rate.hertz);
    CHECK(rtc.interrupts == rate.hertz);
}

TEST_CASE("MC146818: no periodic interrupt at rate 0") {
    Rtc rtc;
    rtc.out(0x0a, 0x20);
    rtc.in(0x0c);
    rtc.out(0x0b, 0x42);
    rtc.clock.advance(10 * kSecond);
    CHECK(rtc.interrupts == 0);
    CHECK((rtc.in(0x0c) & 0x40) == 0);
}

TEST_CASE("MC146818: the update-ended interrupt comes each second") {
    Rtc rtc;
    rtc.out(0x0b, 0x12);
    rtc.clock.advance(kSecond - 1);
    CHECK(rtc.interrupts == 0);
    rtc.clock.advance(1);
    CHECK(rtc.interrupts == 1);
    CHECK((rtc.in(0x0c) & 0x90) == 0x90);
    CHECK(rtc.in(0x0c) == 0);
    rtc.clock.advance(3 * kSecond);
    CHECK(rtc.interrupts == 2);  // nobody has read register C
}

TEST_CASE("MC146818: the alarm, also with bytes that match everything") {
    Rtc rtc;
    rtc.out(5, 0x06);
    rtc.out(3, 0x30);
    rtc.out(1, 0x15);
    rtc.in(0x0c);
    rtc.out(0x0b, 0x22);
    rtc.clock.advance((6 * 3600 + 30 * 60 + 16) * kSecond - 1);
    CHECK(rtc.interrupts == 0);
    rtc.clock.advance(1);
    CHECK(rtc.interrupts == 1);
    CHECK(rtc.time() == 0x063015);
    CHECK((rtc.in(0x0c) & 0xa0) == 0xa0);
    rtc.clock.advance(86'400 * kSecond);
    CHECK(rtc.interrupts == 2);
    rtc.in(0x0c);
    rtc.out(5, 0xc0);
    rtc.out(3, 0xff);
    rtc.clock.advance(60 * kSecond);
    CHECK(rtc.interrupts == 3);
    rtc.in(0x0c);
    rtc.out(1, 0xc0);
    rtc.clock.advance(kSecond);
    CHECK(rtc.interrupts == 4);
    rtc.in(0x0c);
    rtc.out(1, 0x99);  // never
    rtc.clock.advance(86'400 * kSecond);
    CHECK(rtc.interrupts == 4);
    CHECK((rtc.in(0x0c) & 0x20) == 0);
}

TEST_CASE("MC146818: flags are gathered without their enables, and interrupt when enabled") {
    Rtc rtc;
    rtc.clock.advance(3 * kSecond);
    CHECK(rtc.clock.scheduler.next_tick() == Scheduler::kNever);
    rtc.out(0x0b, 0x12);
    CHECK(rtc.interrupts == 1);
    CHECK(rtc.in(0x0c) == 0xf0);  // midnight has passed, the alarm of a new chip
}

TEST_CASE("MC146818: memory, the index register and reset") {
    Rtc rtc;
    for (u8 index = 0x0e; index < 128; ++index)
        if (index != 0x32 && index != 0x37) rtc.out(index, index ^ 0x5a);
    rtc.chip.set_memory(0x10, 0x40);
    rtc.out(0x0b, 0x72);
    rtc.chip.write(0, 0, 0x8f, 1);
    CHECK(rtc.chip.nmi_mask().level());
    CHECK(rtc.chip.read(0, 1, 1) == (0x0f ^ 0x5a));
    CHECK(rtc.chip.read(0, 0, 1) == 0xff);
    rtc.chip.reset();
    CHECK_FALSE(rtc.chip.nmi_mask().level());
    CHECK(rtc.in(0x0b) == 0x02);
    CHECK(rtc.in(0x0c) == 0);
    CHECK(rtc.in(0x10) == 0x40);
    CHECK(rtc.in(0x7f) == (0x7f ^ 0x5a));
    CHECK(rtc.chip.memory(0x7f) == (0x7f ^ 0x5a));
    rtc.out(0x0d, 0);
    CHECK(rtc.in(0x0d) == 0x80);
}

TEST_CASE("MC146818: restores what it saved, and refuses damage") {
    Rtc rtc;
    rtc.out(0x0b, 0x12);
    rtc.out(0x20, 0x99);
    rtc.clock.advance(2 * kSecond + 5);
    rtc.in(0x0c);
    const std::vector<u8> image = saved(rtc.clock, rtc.chip);
    Rtc other;
    restore(image, rtc.clock.retired, other.clock, other.chip);
    CHECK(other.time() == rtc.time());
    CHECK(other.in(0x20) == 0x99);
    other.clock.advance(kSecond);
    CHECK(other.interrupts == 1);

    Writer writer;
    writer.begin("real-time clock", 1);
    for (int i = 0; i < 156; ++i) writer.put(u8{0xf0});
    writer.end();
    const std::vector<u8> bad = std::move(writer).finish();
    Reader reader(bad, "test");
    CHECK_THROWS_AS(other.chip.restore(reader), Error);
}

}  // namespace seventeen::devices
