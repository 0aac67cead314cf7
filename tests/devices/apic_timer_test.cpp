// Tests of the local APIC's timer as an operating system programs it (SDM 3A 10.5.4).
#include "devices/apic_timer.h"

#include <catch2/catch.hpp>

#include "tests/devices/apic_node.h"

namespace seventeen::devices {

using namespace apic;

TEST_CASE_METHOD(OneApic, "The timer counts once", "[apic]") {
    cpu.enable();
    write(kTimer, 0x40);
    write(kDivide, 0x3);  // by 16
    write(kInitial, 1000);
    clock.advance(15);
    CHECK(read(kCurrent) == 1000);
    clock.advance(1);
    CHECK(read(kCurrent) == 999);
    clock.advance(16 * 999 - 1);
    CHECK(read(kCurrent) == 1);
    CHECK_FALSE(intr());
    clock.advance(1);
    CHECK(read(kCurrent) == 0);
    CHECK(read(kInitial) == 1000);
    CHECK(acknowledge() == 0x40);
    clock.advance(1'000'000);
    CHECK_FALSE(intr());
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
    write(kTimer, kPeriodic | 0x40);  // does not start it
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE_METHOD(OneApic, "The timer divides by 1 to 128", "[apic]") {
    const unsigned codes[] = {0xb, 0x0, 0x1, 0x2, 0x3, 0x8, 0x9, 0xa};
    for (unsigned i = 0; i < 8; ++i) {
        write(kDivide, codes[i]);
        write(kInitial, 10);
        clock.advance(3ull << i);
        CHECK(read(kCurrent) == 7);
    }
    write(kDivide, kByOne);  // seven are still left
    clock.advance(6);
    CHECK(read(kCurrent) == 1);
    write(kInitial, 0);
    CHECK(read(kCurrent) == 0);
}

TEST_CASE_METHOD(OneApic, "The periodic timer's requests merge while one stands", "[apic]") {
    cpu.enable();
    write(kDivide, kByOne);
    write(kTimer, kPeriodic | 0x40);
    write(kInitial, 100);
    clock.advance(100);
    CHECK(intr());
    CHECK(read(kCurrent) == 100);
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
    clock.advance(1'000'000'030);
    CHECK(read(kCurrent) == 70);
    CHECK(acknowledge() == 0x40);
    CHECK_FALSE(intr());
    CHECK(clock.scheduler.next_tick() - clock.retired == 70);
    clock.advance(70);
    CHECK(read(kIrr + 0x20) == 1);
    write(kEoi, 0);
    CHECK(acknowledge() == 0x40);
}

TEST_CASE_METHOD(OneApic, "A masked timer counts but does not interrupt", "[apic]") {
    cpu.enable();
    write(kDivide, kByOne);
    write(kTimer, kMasked | kPeriodic | 0x40);
    write(kInitial, 100);
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
    clock.advance(250);
    CHECK(read(kCurrent) == 50);
    write(kTimer, kPeriodic | 0x40);
    CHECK_FALSE(intr());
    clock.advance(50);
    CHECK(intr());
    write(kTimer, kPeriodic | 0x0f);  // an illegal vector is an error, once
    write(kEsr, 0);
    clock.advance(1'000'000);
    CHECK(clock.scheduler.next_tick() == Scheduler::kNever);
    write(kEsr, 0);
    CHECK(read(kEsr) == 0x40);
}

}  // namespace seventeen::devices
