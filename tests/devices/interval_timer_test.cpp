// IntervalTimer: the 8254's six modes, latches and output edges, pulse by pulse from its datasheet.
#include "devices/interval_timer.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

constexpr u64 kControl = 3;

struct Timer {
    TestClock clock;
    IntervalTimer chip{clock.scheduler};
    std::vector<u64> rises;  // pulses at which OUT 0 rose
    std::vector<u64> falls;

    Timer() {
        chip.interrupt().connect([this](bool level) {
            (level ? rises : falls).push_back(IntervalTimer::pulse_at(clock.scheduler.now()));
        });
        pulses(100);  // not at the beginning of time
    }
    u64 pulse() { return IntervalTimer::pulse_at(clock.scheduler.now()); }
    void pulses(u64 count) {
        clock.advance(IntervalTimer::time_of(pulse() + count) - clock.scheduler.now());
    }
    void out(u64 offset, u8 value) { chip.write(0, offset, value, 1); }
    unsigned in(u64 offset) { return static_cast<unsigned>(chip.read(0, offset, 1)); }
    // Counter 2 in a mode, its gate high unless told otherwise, with a count of two bytes.
    void program(u8 mode, u16 count, bool decimal = false, unsigned counter = 2) {
        out(kControl, static_cast<u8>(counter << 6 | 0x30 | mode << 1 | (decimal ? 1 : 0)));
        load(count, counter);
    }
    void load(u16 count, unsigned counter = 2) {
        out(counter, static_cast<u8>(count));
        out(counter, static_cast<u8>(count >> 8));
    }
    unsigned count(unsigned counter = 2) {
        out(kControl, static_cast<u8>(counter << 6));
        const unsigned low = in(counter);
        return in(counter) << 8 | low;
    }
    // OUT 2 after each of the next `length` pulses: H or L.
    std::string wave(unsigned length) {
        std::string levels;
        for (unsigned i = 0; i < length; ++i) {
            pulses(1);
            levels += chip.output(2) ? 'H' : 'L';
        }
        return levels;
    }
    std::vector<unsigned> counts(unsigned length) {
        std::vector<unsigned> values;
        for (unsigned i = 0; i < length; ++i) {
            pulses(1);
            values.push_back(count());
        }
        return values;
    }
    unsigned status(unsigned counter = 2) {
        out(kControl, static_cast<u8>(0xe0 | 2 << counter));
        return in(counter);
    }
};

using Counts = std::vector<unsigned>;

}  // namespace

TEST_CASE("8254: the clock is exact") {
    CHECK(IntervalTimer::pulse_at(1'000'000'000) == 1'193'182);
    CHECK(IntervalTimer::pulse_at(999'999'999) == 1'193'181);
    for (const u64 pulse : {u64{1}, u64{7}, u64{65536}, u64{1} << 40}) {
        CHECK(IntervalTimer::pulse_at(IntervalTimer::time_of(pulse)) == pulse);
        CHECK(IntervalTimer::pulse_at(IntervalTimer::time_of(pulse) - 1) == pulse - 1);
    }
}

TEST_CASE("8254 mode 0: OUT rises N + 1 pulses after the count is written") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(0, 4);
    CHECK_FALSE(timer.chip.output(2));
    CHECK(timer.wave(7) == "LLLLHHH");
    CHECK(timer.count() == 0xfffe);  // it goes on
    timer.out(2, 9);                 // the first byte stops it, OUT falls
    CHECK_FALSE(timer.chip.output(2));
    timer.pulses(20);
    CHECK_FALSE(timer.chip.output(2));
    timer.out(2, 0);
    CHECK(timer.counts(3) == Counts{9, 8, 7});
}

TEST_CASE("8254 mode 0: GATE low disables counting") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(0, 4);
    CHECK(timer.counts(2) == Counts{4, 3});
    timer.chip.set_gate(2, false);
    CHECK(timer.counts(2) == Counts{3, 3});
    timer.chip.set_gate(2, true);
    CHECK(timer.counts(2) == Counts{2, 1});
    CHECK(timer.wave(2) == "HH");
    timer.chip.set_gate(2, false);  // expired: the output stays
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(1) == "H");
}

TEST_CASE("8254 mode 0: a count that is written while GATE is low is loaded all the same") {
    Timer timer;
    timer.program(0, 4);
    timer.pulses(5);
    CHECK(timer.count() == 4);
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(4) == "LLLH");
}

TEST_CASE("8254 mode 1: a trigger makes one pulse of N, and can be repeated") {
    Timer timer;
    timer.program(1, 3);
    CHECK(timer.wave(5) == "HHHHH");
    timer.chip.set_gate(2, true);
    CHECK(timer.chip.output(2));
    CHECK(timer.wave(5) == "LLLHH");
    timer.chip.set_gate(2, false);  // no effect by itself
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(2) == "LL");
    timer.load(2);  // for the next trigger
    timer.chip.set_gate(2, false);
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(4) == "LLHH");
}

TEST_CASE("8254 mode 2: OUT is low for the last pulse of each N") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(GENERATE(2, 6), 3);
    CHECK(timer.wave(9) == "HHLHHLHHL");
    CHECK(timer.counts(4) == Counts{3, 2, 1, 3});
    timer.load(4);  // at the end of the cycle
    CHECK((timer.status() & 0x40) != 0);
    CHECK(timer.counts(6) == Counts{2, 1, 4, 3, 2, 1});
    CHECK((timer.status() & 0x40) == 0);
    CHECK_FALSE(timer.chip.output(2));
    timer.chip.set_gate(2, false);  // OUT rises at once
    CHECK(timer.chip.output(2));
    CHECK(timer.wave(3) == "HHH");
    timer.chip.set_gate(2, true);  // a trigger reloads
    CHECK(timer.counts(2) == Counts{4, 3});
}

TEST_CASE("8254 mode 3: a square wave counts by two, odd counts stay high longer") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(3, 4);
    CHECK(timer.wave(8) == "HHLLHHLL");
    CHECK(timer.counts(4) == Counts{4, 2, 4, 2});
    timer.program(7, 5);
    CHECK(timer.counts(5) == Counts{4, 2, 0, 4, 2});
    CHECK(timer.wave(10) == "HHHLLHHHLL");
}

TEST_CASE("8254 mode 3: a new count waits for the end of the half cycle") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(3, 4);
    CHECK(timer.wave(1) == "H");
    timer.load(6);
    CHECK(timer.wave(10) == "HLLLHHHLLL");
    timer.load(4);
    CHECK(timer.wave(3) == "HHL");  // the wave rose as it was loaded
}

TEST_CASE("8254 mode 4: a strobe of one pulse, N + 1 pulses after the count") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(4, 3);
    CHECK(timer.wave(6) == "HHHLHH");
    CHECK(timer.count() == 0xfffe);
    timer.load(2);
    CHECK(timer.wave(4) == "HHLH");
    timer.load(3);
    timer.pulses(2);
    timer.chip.set_gate(2, false);
    CHECK(timer.wave(3) == "HHH");
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(3) == "HLH");
}

TEST_CASE("8254 mode 5: the strobe follows a trigger") {
    Timer timer;
    timer.program(5, 2);
    CHECK(timer.wave(4) == "HHHH");
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(5) == "HHLHH");
    timer.chip.set_gate(2, false);
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(2) == "HH");
    timer.chip.set_gate(2, false);
    timer.chip.set_gate(2, true);
    CHECK(timer.wave(4) == "HHLH");
}

TEST_CASE("8254: decimal counts, and a count of zero is the largest") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(0, 0x1000, true);
    CHECK(timer.counts(2) == Counts{0x1000, 0x0999});
    timer.program(2, 0, true);
    CHECK(timer.counts(2) == Counts{0x0000, 0x9999});
    timer.program(2, 0);
    CHECK(timer.counts(2) == Counts{0x0000, 0xffff});
    timer.pulses(65534);
    CHECK(timer.count() == 1);
}

TEST_CASE("8254: a latch holds until it is read; unlatched reads run on") {
    Timer timer;
    timer.chip.set_gate(2, true);
    timer.program(2, 0x1234);
    timer.pulses(1);
    timer.out(kControl, 0x80);
    timer.pulses(0x40);
    timer.out(kControl, 0x80);  // ignored
    CHECK(timer.in(2) == 0x34);
    CHECK(timer.in(2) == 0x12);
    CHECK(timer.in(2) == 0xf4);
    CHECK(timer.in(2) == 0x11);
    timer.out(kControl, 0x80 | 0x20 | 4);  // high bytes only
    timer.out(2, 0x02);
    timer.pulses(2);
    CHECK(timer.in(2) == 0x01);
    timer.out(kControl, 0x80 | 0x10 | 4);  // low bytes only
    timer.out(2, 0x02);
    timer.pulses(1);
    CHECK(timer.in(2) == 0x02);
    CHECK(timer.in(kControl) == 0xff);
}

TEST_CASE("8254: read-back latches counts and status of several counters") {
    Timer timer;
    timer.program(3, 0x0100, false, 0);
    timer.program(2, 0x0200, true, 1);
    timer.out(kControl, 0xc6);  // count and status of 0 and 1, nothing loaded yet
    CHECK(timer.in(0) == 0xf6);
    timer.pulses(3);
    CHECK(timer.in(1) == 0xf5);
    timer.in(0);
    timer.in(0);
    CHECK(timer.status(0) == 0xb6);
    timer.out(kControl, 0xd2);  // the count of 0
    CHECK(timer.in(0) == 0xfc);
    CHECK(timer.in(0) == 0x00);
    timer.out(kControl, 0x90);  // counter 2 in mode 0, no count
    CHECK(timer.status() == 0x50);
}

TEST_CASE("8254: OUT 0 interrupts on exact pulses, and only it makes events") {
    Timer timer;
    timer.program(2, 100, false, 0);
    const u64 loaded = timer.pulse() + 1;
    timer.rises.clear();
    timer.falls.clear();
    timer.pulses(350);
    CHECK(timer.falls == std::vector<u64>{loaded + 99, loaded + 199, loaded + 299});
    CHECK(timer.rises == std::vector<u64>{loaded + 100, loaded + 200, loaded + 300});
    timer.program(4, 50, false, 0);
    timer.rises.clear();
    const u64 written = timer.pulse();
    timer.pulses(1000);
    CHECK(timer.rises == std::vector<u64>{written + 52});
    CHECK(timer.clock.scheduler.next_tick() == Scheduler::kNever);
    timer.program(3, 20, false, 1);
    CHECK(timer.clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE("8254: counts the datasheet forbids make no flood of events") {
    Timer timer;
    timer.program(GENERATE(2, 3), 1, false, 0);
    timer.pulses(2);
    CHECK(timer.clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE("8254: two writes a long time apart find the counter where pulses would have put it") {
    Timer timer;
    timer.program(3, 1000, false, 0);
    timer.pulses(1 + 1'000'000 * 5ull + 750);
    CHECK(timer.count(0) == 500);
    CHECK_FALSE(timer.chip.output(0));
    CHECK(timer.rises.size() == 5001);
}

TEST_CASE("8254: restores what it saved, and refuses damage") {
    Timer timer;
    timer.program(2, 77, false, 0);
    timer.program(3, 99, false, 2);
    timer.pulses(40);
    timer.out(kControl, 0x00);
    const std::vector<u8> image = saved(timer.clock, timer.chip);
    TestClock clock;
    IntervalTimer other(clock.scheduler);
    restore(image, timer.clock.retired, clock, other);
    for (int i = 0; i < 4; ++i) CHECK(other.read(0, 0, 1) == timer.chip.read(0, 0, 1));
    timer.pulses(37);
    clock.advance(timer.clock.retired - clock.retired);
    CHECK(other.interrupt().level() == timer.chip.interrupt().level());
    CHECK_FALSE(other.interrupt().level());
    CHECK(clock.scheduler.next_tick() == timer.clock.scheduler.next_tick());

    Writer writer;
    writer.begin("interval timer", 1);
    for (int i = 0; i < 200; ++i) writer.put(u8{0});
    writer.end();
    const std::vector<u8> bad = std::move(writer).finish();
    Reader reader(bad, "test");
    CHECK_THROWS_AS(other.restore(reader), Error);
}

}  // namespace seventeen::devices
