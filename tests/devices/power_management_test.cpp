// Tests of the PIIX4's power management as ACPI drivers use it (82371AB datasheet, 7.2).
#include "devices/power_management.h"

#include <catch2/catch.hpp>

#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

enum : u64 { kStatus = 0, kEnable = 2, kControl = 4, kTimer = 8 };
constexpr unsigned kPm = PowerManagement::kPmRegisters;

struct Fixture {
    TestClock clock;
    unsigned offs = 0;
    PowerManagement chip{clock.scheduler, [this] { ++offs; }};

    u64 read(u64 offset, Width width = 2) { return chip.read(kPm, offset, width); }
    void write(u64 offset, u64 value, Width width = 2) { chip.write(kPm, offset, value, width); }
    void command(u8 value) { chip.write(PowerManagement::kApm, 0, value, 1); }
};

constexpr u64 kHalfTurn = 2'343'484'438;  // ns: 2^23 / 3.579545 MHz, rounded up

}  // namespace

TEST_CASE_METHOD(Fixture, "The timer counts 3.579545 MHz in 24 bits", "[acpi]") {
    CHECK(read(kTimer, 4) == 0);
    clock.advance(1'000'000'000);
    CHECK(read(kTimer, 4) == 3'579'545);
    CHECK(read(kTimer + 1, 2) == 3'579'545 >> 8);
    clock.advance(4'000'000'000);
    CHECK(read(kTimer, 4) == (5 * 3'579'545 & 0xff'ffff));
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE_METHOD(Fixture, "The timer's overflow is noted and interrupts", "[acpi]") {
    clock.advance(kHalfTurn - 1);
    CHECK(read(kStatus) == 0);
    clock.advance(1);
    CHECK(read(kTimer, 4) == 0x80'0000);
    CHECK(read(kStatus) == 1);
    write(kStatus, 1);
    CHECK(read(kStatus) == 0);
    command(0xf1);
    write(kEnable, 1);
    CHECK_FALSE(chip.sci().level());
    clock.advance(kHalfTurn);
    CHECK(chip.sci().level());
    clock.advance(10 * kHalfTurn);
    write(kStatus, 1);
    CHECK_FALSE(chip.sci().level());
    CHECK(clock.scheduler.next_tick() - clock.retired <= kHalfTurn);
    write(kEnable, 0);
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE_METHOD(Fixture, "The command port switches ACPI on and off", "[acpi]") {
    unsigned interrupts = 0;
    chip.smi().connect([&](bool level) { interrupts += level; });
    command(0xf1);
    CHECK(read(kControl) == 1);
    command(0xf0);
    CHECK(read(kControl) == 0);
    CHECK(interrupts == 0);
    chip.enable_command_smi(true);
    chip.write(PowerManagement::kApm, 1, 0x5a, 1);
    command(0x07);
    CHECK(interrupts == 1);
    CHECK(chip.read(PowerManagement::kApm, 0, 2) == 0x5a07);
}

TEST_CASE_METHOD(Fixture, "Buttons and alarms raise the SCI while ACPI is on", "[acpi]") {
    write(kEnable, 0xffff);
    CHECK(read(kEnable) == 0x0521);
    chip.press_power_button();
    CHECK_FALSE(chip.sci().level());
    command(0xf1);
    CHECK(chip.sci().level());
    chip.rtc_alarm();
    CHECK(read(kStatus) == 0x0500);
    write(kStatus, 0x0100);
    CHECK(chip.sci().level());
    write(kStatus + 1, 0x04, 1);
    CHECK_FALSE(chip.sci().level());
}

TEST_CASE_METHOD(Fixture, "General events raise the SCI where enabled", "[acpi]") {
    command(0xf1);
    chip.raise_gpe(9);
    CHECK_FALSE(chip.sci().level());
    CHECK(chip.read(PowerManagement::kGpe0, 0, 4) == 0x0000'0200);
    chip.write(PowerManagement::kGpe0, 2, 0x0200, 2);
    CHECK(chip.sci().level());
    chip.write(PowerManagement::kGpe0, 1, 0x02, 1);
    CHECK_FALSE(chip.sci().level());
    CHECK(chip.read(PowerManagement::kGpe0, 0, 4) == 0x0200'0000);
}

TEST_CASE_METHOD(Fixture, "Soft off switches the machine off", "[acpi]") {
    write(kControl, 0x0001);
    CHECK(offs == 0);
    write(kControl, 0x2001);
    CHECK(offs == 1);
    CHECK(read(kControl) == 0x0001);
    write(kControl, 0x2401);  // suspend to RAM: awake again at once
    CHECK(offs == 1);
    CHECK(read(kControl) == 0x0401);
    CHECK(read(kStatus) == 0x8000);
}

TEST_CASE_METHOD(Fixture, "A restored chip goes on where it was", "[acpi]") {
    command(0xf1);
    write(kEnable, 1);
    clock.advance(1'000'000'000);
    const std::vector<u8> image = saved(clock, chip);
    Fixture other;
    restore(image, clock.retired, other.clock, other.chip);
    CHECK(saved(other.clock, other.chip) == image);
    other.clock.advance(kHalfTurn - 1'000'000'000 - 1);
    CHECK_FALSE(other.chip.sci().level());
    other.clock.advance(1);
    CHECK(other.chip.sci().level());
}

}  // namespace seventeen::devices
