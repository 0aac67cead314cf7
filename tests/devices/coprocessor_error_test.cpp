// Tests of the coprocessor's error latch as an IRQ 13 handler uses it (82371SB datasheet 290550).
#include "devices/coprocessor_error.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

struct Fixture {
    CoprocessorError chip;

    void clear(u64 port = 0) { chip.write(0, port, 0, 1); }
    bool irq() { return chip.interrupt().level(); }
    bool ignored() { return chip.ignore_error().level(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "An error interrupts until port F0h is written", "[ferr]") {
    CHECK_FALSE(irq());
    CHECK(chip.read(0, 0, 1) == 0xff);
    CHECK(chip.read(0, 0, 2) == 0xffff);
    chip.set_error(true);
    CHECK(irq());
    CHECK_FALSE(ignored());
    clear();
    CHECK_FALSE(irq());
    CHECK(ignored());
    chip.set_error(true);  // no new edge
    CHECK_FALSE(irq());
    chip.set_error(false);  // FNCLEX
    CHECK_FALSE(ignored());
    chip.set_error(true);
    CHECK(irq());
}

TEST_CASE_METHOD(Fixture, "The latch outlives the error", "[ferr]") {
    chip.set_error(true);
    chip.set_error(false);
    CHECK(irq());
    clear(1);
    CHECK_FALSE(irq());
    CHECK_FALSE(ignored());
}

TEST_CASE_METHOD(Fixture, "Reset clears the latch, not the error", "[ferr]") {
    chip.set_error(true);
    clear();
    chip.reset();
    CHECK_FALSE(ignored());
    chip.set_error(true);
    CHECK_FALSE(irq());
    chip.set_error(false);
    chip.set_error(true);
    CHECK(irq());
    chip.reset();
    CHECK_FALSE(irq());
}

TEST_CASE_METHOD(Fixture, "A restored latch goes on where it was", "[ferr]") {
    TestClock clock;
    chip.set_error(true);
    clear();
    const std::vector<u8> image = saved(clock, chip);
    Fixture other;
    TestClock other_clock;
    restore(image, 0, other_clock, other.chip);
    CHECK(saved(other_clock, other.chip) == image);
    CHECK(other.ignored());
    other.chip.set_error(false);
    CHECK_FALSE(other.ignored());
}

TEST_CASE_METHOD(Fixture, "A damaged latch is refused", "[ferr]") {
    TestClock clock;
    Writer writer;
    clock.scheduler.save(writer);
    writer.begin("coprocessor error", 1);
    for (const bool value : {false, false, true}) writer.put(value);
    writer.end();
    const std::vector<u8> image = std::move(writer).finish();
    TestClock other_clock;
    CHECK_THROWS_AS(restore(image, 0, other_clock, chip), Error);
}

}  // namespace seventeen::devices
