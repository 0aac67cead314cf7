// Tests of the HPET as firmware and operating systems program it (IA-PC HPET 1.0a, chapter 2).
#include "devices/hpet.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "devices/interrupt_controller.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

enum : u64 {
    kCapabilities = 0x00,
    kPeriod = 0x04,
    kConfig = 0x10,
    kStatus = 0x20,
    kCounter = 0xf0
};
constexpr u64 config_of(unsigned n) {
    return 0x100 + 0x20 * n;
}
constexpr u64 value_of(unsigned n) {
    return config_of(n) + 8;
}

enum : u32 {
    kLevel = 1 << 1,
    kInterrupt = 1 << 2,
    kPeriodic = 1 << 3,
    kSetValue = 1 << 6,
    k32Bit = 1 << 8,
    kRoute2 = 2 << 9,
};

struct Fixture {
    TestClock clock;
    Hpet chip{clock.scheduler};
    std::vector<u64> edges;  // clocks at which IRQ 0 rose

    Fixture() {
        chip.irq0().connect([this](bool level) {
            if (level) edges.push_back(clock.retired / 10);
        });
    }
    u32 read(u64 offset) { return static_cast<u32>(chip.read(0, offset, 4)); }
    u64 read_wide(u64 offset) { return chip.read(0, offset, 8); }
    void write(u64 offset, u32 value) { chip.write(0, offset, value, 4); }
    void write_wide(u64 offset, u64 value) { chip.write(0, offset, value, 8); }
    bool sleeps() { return clock.scheduler.next_tick() == Scheduler::kNever; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "The HPET after reset", "[hpet]") {
    CHECK(read(kCapabilities) == 0x8086'a201);
    CHECK(read(kPeriod) == 10'000'000);
    CHECK(read_wide(kCapabilities) == 0x0098'9680'8086'a201);
    CHECK(chip.read(0, kCapabilities + 2, 2) == 0x8086);
    for (const u64 zero : {kConfig, kStatus, kCounter}) CHECK(read_wide(zero) == 0);
    for (unsigned n = 0; n < 3; ++n) {
        CHECK(read_wide(config_of(n)) == 0x0000'0004'0000'0030);
        CHECK(read_wide(value_of(n)) == ~u64{0});
        CHECK(read_wide(value_of(n) + 8) == 0);
    }
    CHECK(read_wide(config_of(3)) == 0);
    CHECK(read_wide(0x3f8) == 0);
    clock.advance(1000);
    CHECK(read_wide(kCounter) == 0);
    CHECK(sleeps());
}

TEST_CASE_METHOD(Fixture, "The HPET's registers keep the bits that are theirs", "[hpet]") {
    write_wide(config_of(1), ~u64{0});
    CHECK(read_wide(config_of(1)) == 0x0000'0004'0000'017e);  // without input 31
    write(config_of(1), kRoute2 | kSetValue);
    CHECK(read(config_of(1)) == (kRoute2 | kSetValue | 0x30));
    write(value_of(1), 5);
    CHECK(read(config_of(1)) == (kRoute2 | 0x30));
    write(value_of(1) + 4, 6);
    CHECK(read_wide(value_of(1)) == 0x6'0000'0005);
    write(config_of(1), k32Bit);
    CHECK(read_wide(value_of(1)) == 5);
    write_wide(value_of(1), 0x1'2345'6789);
    CHECK(read_wide(value_of(1)) == 0x2345'6789);
    write(kCapabilities, 0);
    CHECK(read(kCapabilities) == 0x8086'a201);
    write_wide(kConfig, ~u64{0});
    CHECK(read_wide(kConfig) == 3);
    // Bytes, words and what is not aligned.
    chip.write(0, kConfig, 0, 1);
    chip.write(0, kConfig + 2, 0, 4);
    chip.write(0, kConfig + 4, 0, 8);
    CHECK(read(kConfig) == 3);
    chip.reset();
    CHECK(read(kConfig) == 0);
    CHECK(read_wide(config_of(1)) == 0x0000'0004'0000'0030);
}

TEST_CASE_METHOD(Fixture, "The main counter counts while it is enabled", "[hpet]") {
    write(kCounter, 0xffff'fff0);
    clock.advance(57);
    write(kConfig, 1);
    CHECK(read_wide(kCounter) == 0xffff'fff0);
    clock.advance(163);
    CHECK(read_wide(kCounter) == 0x1'0000'0001);
    CHECK(read(kCounter + 4) == 1);
    write(kConfig, 0);
    clock.advance(1000);
    CHECK(read_wide(kCounter) == 0x1'0000'0001);
    write(kConfig, 1);
    clock.advance(10);
    CHECK(read(kCounter) == 2);
    write(kCounter + 4, 0);
    CHECK(read_wide(kCounter) == 2);
    CHECK(sleeps());
}

TEST_CASE_METHOD(Fixture, "A one-shot match is an edge", "[hpet]") {
    write(config_of(0), kInterrupt);
    write_wide(value_of(0), 100);
    write(kConfig, 3);
    clock.advance(999);
    CHECK(edges.empty());
    clock.advance(1);
    CHECK(edges == std::vector<u64>{100});
    CHECK(read(kStatus) == 0);
    CHECK(read_wide(value_of(0)) == 100);
    CHECK(sleeps());
    // The past is not reached, as Linux knows when it looks at the counter after writing.
    write_wide(value_of(0), 99);
    clock.advance(1000);
    CHECK(edges.size() == 1);
    write_wide(value_of(0), 300);
    clock.advance(1000);
    CHECK(edges == std::vector<u64>{100, 300});
}

TEST_CASE_METHOD(Fixture, "A comparator of 32 bits meets the counter each time round", "[hpet]") {
    write(config_of(0), kInterrupt | k32Bit);
    write(value_of(0), 100);
    write_wide(kCounter, 0xffff'fff0);
    write(kConfig, 3);
    clock.advance(10 * 116);
    CHECK(edges == std::vector<u64>{116});
    clock.advance(10ull << 32);
    CHECK(edges == std::vector<u64>{116, 116 + (1ull << 32)});
    write(config_of(0), kInterrupt);  // 64 bits: never, it has passed
    CHECK(clock.scheduler.next_tick() > 1ull << 60);
}

// As Linux sets it up: comparator and period with "set value", then the period once more.
TEST_CASE_METHOD(Fixture, "A periodic comparator goes on by itself", "[hpet]") {
    write(kConfig, 3);
    clock.advance(1000);
    write(config_of(0), kInterrupt | kPeriodic | kSetValue | k32Bit);
    write(value_of(0), 150);
    CHECK(read(config_of(0)) == (kInterrupt | kPeriodic | k32Bit | 0x30));
    write(value_of(0), 40);
    CHECK(read(value_of(0)) == 150);
    clock.advance(1000);
    CHECK(edges == std::vector<u64>{150, 190});
    CHECK(read(value_of(0)) == 230);
    write(value_of(0), 100);  // another period, after the match under way
    clock.advance(1500);
    CHECK(edges == std::vector<u64>{150, 190, 230, 330});
    write(config_of(0), kPeriodic | k32Bit);
    clock.advance(1'000'000);
    CHECK(edges.size() == 4);
    CHECK(read(value_of(0)) == 100'430);
    CHECK(sleeps());
}

TEST_CASE_METHOD(Fixture, "A periodic comparator of 64 bits is set in halves", "[hpet]") {
    write(config_of(0), kInterrupt | kPeriodic | kSetValue);
    write(value_of(0), 50);
    write(config_of(0), kInterrupt | kPeriodic | kSetValue);
    write(value_of(0) + 4, 0);
    write(kConfig, 3);
    clock.advance(1000);
    CHECK(edges == std::vector<u64>{50, 100});
    // Periods that pass while nobody can see them take no time.
    write(config_of(0), kPeriodic);
    write(value_of(0), 1);
    clock.advance(1'000'000'000'000);
    CHECK(read_wide(value_of(0)) == read_wide(kCounter) + 1);
}

TEST_CASE_METHOD(Fixture, "A level lasts until its status is cleared", "[hpet]") {
    Line& line = chip.route(2);
    write(config_of(2), kInterrupt | kPeriodic | kLevel | kRoute2 | kSetValue | k32Bit);
    write(value_of(2), 100);
    write(kConfig, 1);
    clock.advance(1000);
    CHECK(line.level());
    CHECK(read(kStatus) == 4);
    CHECK(sleeps());  // further matches change nothing
    clock.advance(10'500);
    CHECK(read(value_of(2)) == 1200);
    write(kStatus, 3);
    CHECK(line.level());
    write(kStatus, 4);
    CHECK_FALSE(line.level());
    clock.advance(500);
    CHECK(line.level());
    // Stopped, it does not interrupt, but the status stays (2.3.5).
    write(kConfig, 0);
    CHECK_FALSE(line.level());
    CHECK(read(kStatus) == 4);
    write(kConfig, 1);
    CHECK(line.level());
    write(config_of(2), kLevel | kRoute2 | k32Bit);
    CHECK_FALSE(line.level());
}

TEST_CASE_METHOD(Fixture, "The status is kept where nobody is interrupted", "[hpet]") {
    write(config_of(1), kLevel);
    write_wide(value_of(1), 10);
    write(kConfig, 1);
    CHECK(sleeps());
    clock.advance(99);
    CHECK(read(kStatus) == 0);
    clock.advance(1);
    CHECK(read(kStatus) == 2);
}

TEST_CASE_METHOD(Fixture, "Legacy replacement takes over IRQ 0 and IRQ 8", "[hpet]") {
    chip.set_interval_timer(true);
    chip.set_real_time_clock(true);
    CHECK(chip.irq0().level());
    CHECK(chip.irq8().level());
    write(kConfig, 2);
    CHECK_FALSE(chip.irq0().level());
    CHECK_FALSE(chip.irq8().level());
    write(config_of(1), kInterrupt);
    write_wide(value_of(1), 10);
    write(kConfig, 3);
    clock.advance(100);
    CHECK(chip.irq8().level());
    CHECK_FALSE(chip.irq0().level());
    chip.set_interval_timer(false);
    write(kConfig, 0);
    CHECK(chip.irq8().level());  // the clock's again
    CHECK_FALSE(chip.irq0().level());
}

TEST_CASE_METHOD(Fixture, "An edge waits in the 8259 until it is acknowledged", "[hpet]") {
    InterruptController pic("8259", 0);
    chip.irq0().connect([&](bool level) { pic.set_input(0, level); });
    pic.write(0, 0, 0x13, 1);
    pic.write(0, 1, 0x20, 1);
    pic.write(0, 1, 0x03, 1);  // automatic EOI
    write(config_of(0), kInterrupt | kPeriodic | kSetValue);
    write_wide(value_of(0), 100);
    write(kConfig, 3);
    for (unsigned i = 0; i < 3; ++i) {
        clock.advance(1000);
        REQUIRE(pic.interrupt().level());
        CHECK(pic.acknowledge() == 0x20);
        CHECK_FALSE(pic.interrupt().level());
    }
}

TEST_CASE_METHOD(Fixture, "A restored HPET goes on where it was", "[hpet]") {
    write(config_of(0), kInterrupt | kPeriodic | kSetValue);
    write_wide(value_of(0), 100);
    write(config_of(1), kLevel | k32Bit);
    write_wide(value_of(1), 20);
    clock.advance(33);
    write(kConfig, 3);
    clock.advance(1500);
    const std::vector<u8> image = saved(clock, chip);
    Fixture other;
    restore(image, clock.retired, other.clock, other.chip);
    CHECK(saved(other.clock, other.chip) == image);
    CHECK(other.edges.empty());
    CHECK(other.chip.irq0().level());
    CHECK(other.read(kStatus) == 2);
    other.clock.advance(500);
    CHECK(other.edges == std::vector<u64>{203});
    CHECK(other.read(kCounter) == 200);
}

TEST_CASE_METHOD(Fixture, "A damaged HPET is refused", "[hpet]") {
    const auto damaged = [](u64 config, u64 started, u64 comparator_config, u64 match) {
        TestClock clock;
        Writer writer;
        clock.scheduler.save(writer);
        writer.begin("HPET", 1);
        writer.put(false);
        writer.put(false);
        for (const u64 value : {config, u64{0}, u64{0}, u64{0}, started}) writer.put(value);
        for (unsigned n = 0; n < 3; ++n)
            for (const u64 value : {comparator_config, u64{100}, u64{100}, match})
                writer.put(value);
        writer.end();
        const std::vector<u8> image = std::move(writer).finish();
        Fixture other;
        restore(image, 0, clock, other.chip);
    };
    constexpr u64 kPlain = 0x0000'0004'0000'0030;
    CHECK_NOTHROW(damaged(1, 0, kPlain, 100));
    CHECK_THROWS_AS(damaged(1, 0, kPlain, 101), Error);
    CHECK_THROWS_AS(damaged(0, 0, kPlain, 100), Error);
    CHECK_THROWS_AS(damaged(4, 0, kPlain, 100), Error);
    CHECK_THROWS_AS(damaged(1, 1, kPlain, 100), Error);
    CHECK_THROWS_AS(damaged(1, 0, kPlain | 3 << 9, 100), Error);
    CHECK_THROWS_AS(damaged(1, 0, 0x30, 100), Error);
}

}  // namespace seventeen::devices
