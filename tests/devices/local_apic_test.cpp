// Tests of the local APIC as an operating system programs it (SDM 3A chapter 10).
#include "devices/local_apic.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/apic_node.h"

namespace seventeen::devices {

using namespace apic;

TEST_CASE_METHOD(TwoApics, "The local APIC after reset", "[apic]") {
    for (ApicNode* node : {&cpu, &other}) {
        CHECK(node->read(kVersion) == 0x0005'0014);
        CHECK(node->read(kSvr) == 0xff);
        CHECK(node->read(kDfr) == 0xffff'ffff);
        for (const u64 zero :
             {kTpr, kApr, kPpr, kEoi, kLdr, kEsr, kIcrLow, kIcrHigh, kInitial, kCurrent, kDivide})
            CHECK(node->read(zero) == 0);
        for (u64 offset = kIsr; offset < kEsr; offset += 0x10) CHECK(node->read(offset) == 0);
        for (u64 offset = kTimer; offset <= kError; offset += 0x10)
            CHECK(node->read(offset) == kMasked);
        CHECK_FALSE(node->intr());
    }
    CHECK(cpu.read(kId) == 0);
    CHECK(other.read(kId) == 0x0100'0000);
    CHECK(cpu.apic.is_bsp());
    CHECK_FALSE(cpu.apic.waits_for_start_up());
    CHECK(other.apic.waits_for_start_up());
}

TEST_CASE_METHOD(OneApic, "The local APIC's registers keep the bits that are theirs", "[apic]") {
    cpu.enable();
    const struct {
        u64 offset;
        u32 kept;
    } kRegisters[] = {
        {kId, 0xff00'0000}, {kTpr, 0xff},        {kLdr, 0xff00'0000},     {kIcrHigh, 0xff00'0000},
        {kTimer, 0x300ff},  {kThermal, 0x107ff}, {kPerformance, 0x107ff}, {kLint0, 0x1a7ff},
        {kLint1, 0x1a7ff},  {kError, 0x100ff},   {kDivide, 0xb},          {kDfr, 0xffff'ffff},
    };
    for (const auto& reg : kRegisters) {
        write(reg.offset, 0xffff'ffff);
        CHECK(read(reg.offset) == reg.kept);
    }
    write(kDfr, 0);
    CHECK(read(kDfr) == 0x0fff'ffff);
    write(kSvr, 0xffff'ffff);
    CHECK(read(kSvr) == 0x3ff);
    write(kVersion, 0);
    CHECK(read(kVersion) == 0x0005'0014);
}

TEST_CASE_METHOD(OneApic, "Accesses that are not aligned words", "[apic]") {
    CHECK(cpu.apic.read(0, kVersion, 1) == 0x14);
    CHECK(cpu.apic.read(0, kVersion + 2, 2) == 0x0005);
    CHECK(cpu.apic.read(0, kVersion, 8) == 0x0005'0014);
    CHECK(cpu.apic.read(0, kVersion + 4, 4) == 0);
    cpu.apic.write(0, kTpr, 0x20, 1);
    cpu.apic.write(0, kTpr + 4, 0x20, 4);
    CHECK(read(kTpr) == 0);
}

TEST_CASE_METHOD(OneApic, "An interrupt is requested, served and ended", "[apic]") {
    cpu.enable();
    CHECK(send(0x31));
    CHECK(read(kIrr + 0x10) == 1u << 17);
    CHECK(intr());
    CHECK(acknowledge() == 0x31);
    CHECK_FALSE(intr());
    CHECK(read(kIrr + 0x10) == 0);
    CHECK(read(kIsr + 0x10) == 1u << 17);
    CHECK(read(kPpr) == 0x30);
    // The same priority class waits, a higher one does not (10.8.3).
    send(0x3f);
    CHECK_FALSE(intr());
    send(0x40);
    CHECK(acknowledge() == 0x40);
    write(kEoi, 0);
    CHECK(read(kIsr + 0x20) == 0);
    CHECK_FALSE(intr());
    write(kEoi, 0);
    CHECK(acknowledge() == 0x3f);
    CHECK(broadcast.empty());
}

TEST_CASE_METHOD(OneApic, "The task priority holds interrupts back", "[apic]") {
    cpu.enable();
    write(kTpr, 0x45);
    CHECK(read(kPpr) == 0x45);
    send(0x4f);
    CHECK_FALSE(intr());
    write(kTpr, 0x3f);
    CHECK(intr());
    write(kTpr, 0x40);
    CHECK_FALSE(intr());
    // Acknowledged all the same: the spurious vector, which is not in service (10.9).
    write(kSvr, 0x1ef);
    CHECK(acknowledge() == 0xef);
    CHECK(read(kIsr + 0x20) == 0);
    CHECK(read(kIrr + 0x20) == 1u << 15);
    CHECK(read(kApr) == 0x40);
    write(kTpr, 0x50);
    CHECK(read(kApr) == 0x50);
}

TEST_CASE_METHOD(OneApic, "The EOI of a level-triggered interrupt is broadcast", "[apic]") {
    cpu.enable();
    send(0x52, TriggerMode::kLevel);
    CHECK(read(kTmr + 0x20) == 1u << 18);
    acknowledge();
    write(kEoi, 0);
    CHECK(broadcast == std::vector<u8>{0x52});
    send(0x52);
    CHECK(read(kTmr + 0x20) == 0);
    acknowledge();
    write(kEoi, 0);
    write(kEoi, 0);  // nothing is in service
    CHECK(broadcast.size() == 1);
}

TEST_CASE_METHOD(OneApic, "Disabled by software, all local interrupts are masked", "[apic]") {
    cpu.enable();
    write(kLint0, 0x700);
    write(kTimer, 0x60);
    send(0x31);
    write(kSvr, 0xff);
    CHECK(read(kLint0) == (kMasked | 0x700));
    write(kTimer, 0x60);
    CHECK(read(kTimer) == (kMasked | 0x60));
    CHECK_FALSE(send(0x99));
    CHECK_FALSE(cpu.apic.external_interrupt_open());
    // What waits still does; NMI is heard (10.4.7.2).
    CHECK(acknowledge() == 0x31);
    CHECK(send(0, TriggerMode::kEdge, DeliveryMode::kNmi));
    CHECK(cpu.nmis == 1);
}

TEST_CASE_METHOD(OneApic, "Disabled in hardware, the pins are INTR and NMI", "[apic]") {
    cpu.enable();
    write(kTpr, 0x50);
    send(0x31);
    cpu.apic.set_enabled(false);
    CHECK(cpu.apic.external_interrupt_open());
    CHECK_FALSE(intr());
    cpu.apic.set_external_interrupt(true);
    CHECK(intr());
    CHECK(acknowledge() == 0x08);
    cpu.apic.set_external_interrupt(false);
    CHECK_FALSE(intr());
    cpu.apic.set_external_nmi(true);
    CHECK(cpu.nmis == 1);
    CHECK_FALSE(send(0, TriggerMode::kEdge, DeliveryMode::kNmi));
    cpu.apic.set_external_interrupt(true);
    cpu.apic.set_enabled(true);
    CHECK_FALSE(intr());  // LINT0 is masked now
    CHECK(read(kTpr) == 0);
    CHECK(read(kIrr + 0x10) == 0);
}

TEST_CASE("A CPU without a local APIC has INTR and NMI", "[apic]") {
    TestClock clock;
    ApicBus bus;
    LocalApic apic(0, LocalApic::Role::kBootstrap,
                   {bus, clock.scheduler, [] { return u8{0x08}; }, [](u8) {}, false});
    apic.reset();
    apic.set_enabled(true);
    CHECK_FALSE(apic.enabled());
    apic.set_external_interrupt(true);
    CHECK(apic.interrupt().level());
    CHECK(apic.acknowledge() == 0x08);
    OneApic other;
    CHECK_THROWS_AS(restore(saved(other.clock, other.cpu.apic), 0, clock, apic), Error);
}

// As SeaBIOS leaves it, and MP specification 3.6.2.2.
TEST_CASE_METHOD(OneApic, "Virtual wire: the 8259s through LINT0, NMI through LINT1", "[apic]") {
    cpu.apic.set_external_interrupt(true);
    CHECK_FALSE(intr());
    cpu.enable();
    write(kLint0, 0x8700);
    write(kLint1, 0x8400);
    CHECK(cpu.apic.external_interrupt_open());
    CHECK(intr());
    write(kTpr, 0xff);  // not for ExtINT
    CHECK(intr());
    CHECK(acknowledge() == 0x08);
    CHECK(read(kIsr) == 0);
    CHECK(intr());
    cpu.apic.set_external_interrupt(false);
    CHECK_FALSE(intr());
    cpu.apic.set_external_nmi(true);
    cpu.apic.set_external_nmi(false);
    CHECK(cpu.nmis == 1);
    cpu.apic.set_external_interrupt(true);
    write(kLint0, kMasked | 0x8700);
    CHECK_FALSE(intr());
}

TEST_CASE_METHOD(OneApic, "Virtual wire as firmware would set it up", "[apic]") {
    cpu.apic.set_external_interrupt(true);
    cpu.apic.enter_virtual_wire();
    CHECK(intr());
    CHECK(read(kSvr) == 0x1ff);
    CHECK(read(kLint0) == 0x700);
    CHECK(read(kLint1) == 0x400);
    cpu.apic.initialize();  // INIT# takes it away
    CHECK_FALSE(intr());
    CHECK(cpu.inits == 0);
    CHECK(read(kLint0) == kMasked);
}

TEST_CASE_METHOD(OneApic, "An ExtINT message asks the 8259s once", "[apic]") {
    cpu.enable();
    CHECK(send(0, TriggerMode::kEdge, DeliveryMode::kExternal));
    CHECK(intr());
    CHECK(acknowledge() == 0x08);
    CHECK_FALSE(intr());
    CHECK(cpu.external_cycles == 1);
}

TEST_CASE_METHOD(OneApic, "A pin that delivers a fixed vector", "[apic]") {
    cpu.enable();
    write(kLint0, 0x61);  // an edge
    cpu.apic.set_external_interrupt(true);
    CHECK(acknowledge() == 0x61);
    write(kEoi, 0);
    CHECK_FALSE(intr());
    cpu.apic.set_external_interrupt(false);
    write(kLint0, 0x8061);  // a level
    CHECK_FALSE(intr());
    cpu.apic.set_external_interrupt(true);
    CHECK(read(kLint0) == 0xc061);  // remote IRR
    CHECK(acknowledge() == 0x61);
    CHECK_FALSE(intr());
    write(kEoi, 0);
    CHECK(intr());  // still asserted
    acknowledge();
    cpu.apic.set_external_interrupt(false);
    write(kEoi, 0);
    CHECK_FALSE(intr());
    CHECK(read(kLint0) == 0x8061);
    write(kLint0, 0xa061);  // active low
    CHECK(intr());
}

TEST_CASE_METHOD(OneApic, "Thermal and performance events", "[apic]") {
    cpu.enable();
    cpu.apic.thermal_event();
    CHECK_FALSE(intr());
    write(kThermal, 0x70);
    write(kPerformance, 0x400);
    cpu.apic.thermal_event();
    CHECK(acknowledge() == 0x70);
    cpu.apic.performance_overflow();
    CHECK(cpu.nmis == 1);
    write(kThermal, 0x200);
    cpu.apic.thermal_event();
    CHECK(cpu.smis == 1);
}

TEST_CASE_METHOD(OneApic, "Errors are shown after the status is written", "[apic]") {
    cpu.enable();
    write(kError, 0xfe);
    CHECK(read(0x40) == 0);
    CHECK(acknowledge() == 0xfe);
    write(kEoi, 0);
    CHECK(read(kEsr) == 0);
    write(0x3f0, 1);
    CHECK_FALSE(intr());  // not armed again yet
    write(kEsr, 0);
    CHECK(read(kEsr) == 0x80);
    send(0x0f);  // received illegal vector
    CHECK(acknowledge() == 0xfe);
    write(kEoi, 0);
    write(kIcrLow, 0x4400f);  // sent: to itself
    write(kEsr, 0);
    CHECK(read(kEsr) == 0x60);
    write(kEsr, 0);
    CHECK(read(kEsr) == 0);
    write(kError, 0x00);  // the error's own vector is illegal
    read(0xff0);
    write(kEsr, 0);
    CHECK(read(kEsr) == 0xc0);
}

TEST_CASE_METHOD(OneApic, "Reset forgets everything but the pins", "[apic]") {
    cpu.apic.set_external_interrupt(true);
    cpu.enable();
    write(kId, 0x0700'0000);
    write(kInitial, 5);
    send(0x31);
    cpu.apic.reset();
    CHECK(read(kId) == 0);
    CHECK(read(kInitial) == 0);
    CHECK(read(kSvr) == 0xff);
    CHECK_FALSE(intr());
    cpu.enable();
    write(kLint0, 0x700);
    CHECK(intr());
}

TEST_CASE_METHOD(OneApic, "A restored APIC goes on where it was", "[apic]") {
    cpu.enable();
    write(kTimer, kPeriodic | 0x40);
    write(kDivide, kByOne);
    write(kInitial, 1000);
    write(kLint0, 0x8061);
    cpu.apic.set_external_interrupt(true);
    send(0x90, TriggerMode::kLevel);
    acknowledge();
    clock.advance(300);
    const std::vector<u8> image = saved(clock, cpu.apic);
    OneApic other;
    restore(image, clock.retired, other.clock, other.cpu.apic);
    CHECK(saved(other.clock, other.cpu.apic) == image);
    CHECK(other.read(kCurrent) == 700);
    CHECK_FALSE(other.intr());
    other.write(kEoi, 0);
    CHECK(other.broadcast == std::vector<u8>{0x90});
    CHECK(other.acknowledge() == 0x61);
    other.write(kEoi, 0);
    other.cpu.apic.set_external_interrupt(false);
    CHECK(other.acknowledge() == 0x61);
    other.write(kEoi, 0);
    CHECK_FALSE(other.intr());
    other.clock.advance(700);
    CHECK(other.acknowledge() == 0x40);
}

TEST_CASE_METHOD(OneApic, "A damaged APIC is refused", "[apic]") {
    write(kInitial, 1000);
    const auto damaged = [&](u64 timer_left, u32 lvt, u32 request) {
        Writer writer;
        clock.scheduler.save(writer);
        writer.begin("local APIC 0", 1);
        for (unsigned i = 0; i < 5; ++i) writer.put(i == 0);
        writer.put(u32{0});  // four bytes
        for (const u32 value : {0xffff'ffffu, 0xffu, 0u, 0u, 0u}) writer.put(value);
        for (unsigned i = 0; i < 24; ++i) writer.put(i == 16 ? request : 0);
        for (unsigned i = 0; i < 6; ++i) writer.put(lvt);
        for (const u32 value : {1000u, 0u}) writer.put(value);
        writer.put(clock.retired + timer_left);
        writer.end();
        const std::vector<u8> image = std::move(writer).finish();
        OneApic other;
        restore(image, clock.retired, other.clock, other.cpu.apic);
    };
    damaged(2000, kMasked, 0);
    CHECK_THROWS_AS(damaged(2001, kMasked, 0), Error);
    CHECK_THROWS_AS(damaged(2000, 0, 0), Error);
    CHECK_THROWS_AS(damaged(2000, kMasked | 1 << 18, 0), Error);
    CHECK_THROWS_AS(damaged(2000, kMasked, 1 << 15), Error);
}

}  // namespace seventeen::devices
