// Tests of messages between two local APICs (SDM 3A 10.6).
#include "devices/apic_bus.h"

#include <catch2/catch.hpp>

#include "tests/devices/apic_node.h"

namespace seventeen::devices {

using namespace apic;

TEST_CASE_METHOD(TwoApics, "Interprocessor interrupts with shorthands", "[apic]") {
    cpu.enable();
    other.enable();
    write(kIcrLow, 0x4'4050);  // self
    CHECK(acknowledge() == 0x50);
    CHECK_FALSE(other.intr());
    write(kIcrLow, 0x8'4061);  // all
    CHECK(acknowledge() == 0x61);
    CHECK(other.apic.acknowledge() == 0x61);
    write(kIcrLow, 0xc'4072);  // all but self
    CHECK_FALSE(intr());
    CHECK(other.apic.acknowledge() == 0x72);
    CHECK(read(kIcrLow) == 0xc'4072);
    write(kIcrLow, 0x4'4400);  // an NMI to itself is none of table 10-3's
    CHECK(cpu.nmis == 0);
    write(kIcrLow, 0xc'4400);
    write(kIcrLow, 0xc'4200);
    CHECK(other.nmis == 1);
    CHECK(other.smis == 1);
    CHECK(cpu.smis == 0);
}

TEST_CASE_METHOD(TwoApics, "Destinations: physical, flat and clusters", "[apic]") {
    cpu.enable();
    other.enable();
    const auto sent = [&](u32 low, u8 destination) {
        write(kIcrHigh, u32{destination} << 24);
        write(kIcrLow, low);
        unsigned receivers = 0;
        ApicNode* const nodes[] = {&cpu, &other};
        for (unsigned i = 0; i < 2; ++i) {
            if (!nodes[i]->intr()) continue;
            receivers |= 1u << i;
            nodes[i]->apic.acknowledge();
            nodes[i]->write(kEoi, 0);
        }
        return receivers;
    };
    CHECK(sent(0x4050, 0) == 1);
    CHECK(sent(0x4050, 1) == 2);
    CHECK(sent(0x4050, 2) == 0);
    CHECK(sent(0x4050, 0xff) == 3);
    CHECK(sent(0x4850, 0x01) == 0);  // nobody has a logical ID yet
    write(kLdr, 0x0100'0000);
    other.write(kLdr, 0x0200'0000);
    CHECK(sent(0x4850, 0x01) == 1);
    CHECK(sent(0x4850, 0x02) == 2);
    CHECK(sent(0x4850, 0x07) == 3);
    CHECK(sent(0x4850, 0x04) == 0);
    for (ApicNode* node : {&cpu, &other}) node->write(kDfr, 0x0fff'ffff);
    write(kLdr, 0x1100'0000);
    other.write(kLdr, 0x2200'0000);
    CHECK(sent(0x4850, 0x11) == 1);
    CHECK(sent(0x4850, 0x13) == 1);
    CHECK(sent(0x4850, 0x12) == 0);
    CHECK(sent(0x4850, 0x2f) == 2);
    CHECK(sent(0x4850, 0xff) == 3);
    for (ApicNode* node : {&cpu, &other}) node->write(kDfr, 0x3fff'ffff);
    CHECK(sent(0x4850, 0x11) == 0);
}

TEST_CASE_METHOD(TwoApics, "The lowest priority takes it", "[apic]") {
    cpu.enable();
    other.enable();
    const InterruptMessage message{0x81, DeliveryMode::kLowestPriority, DestinationMode::kPhysical,
                                   TriggerMode::kEdge, 0xff};
    bus.deliver(message);
    CHECK(intr());
    CHECK_FALSE(other.intr());
    acknowledge();
    bus.deliver(message);
    CHECK_FALSE(intr());
    CHECK(other.intr());
    other.write(kSvr, 0xff);  // does not take part
    bus.deliver(message);
    CHECK(read(kIrr + 0x40) == 1u << 1);
}

TEST_CASE_METHOD(TwoApics, "INIT and start-up", "[apic]") {
    other.write(kId, 0x0500'0000);
    other.enable();
    other.write(kTpr, 0x20);
    write(kIcrLow, 0xc'4698);  // it waits since its reset
    CHECK(other.started_at == 0x98);
    CHECK_FALSE(other.apic.waits_for_start_up());
    write(kIcrLow, 0xc'4699);
    CHECK(other.started_at == 0x98);
    write(kIcrLow, 0xc'c500);
    CHECK(other.inits == 1);
    CHECK(cpu.inits == 0);
    CHECK(other.apic.waits_for_start_up());
    CHECK(other.read(kId) == 0x0500'0000);
    CHECK(other.read(kTpr) == 0);
    CHECK(other.read(kSvr) == 0xff);
    write(kIcrLow, 0xc'8500);  // level de-assert
    CHECK(other.inits == 1);
    write(kIcrLow, 0xc'469a);
    CHECK(other.started_at == 0x9a);
    CHECK(bus.deliver({0, DeliveryMode::kInit, DestinationMode::kPhysical, TriggerMode::kEdge, 0}));
    CHECK(cpu.inits == 1);
    CHECK_FALSE(cpu.apic.waits_for_start_up());
}

}  // namespace seventeen::devices
