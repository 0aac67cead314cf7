// IsaBridge: interrupt routing and reset control of the 82371SB (datasheet 290550).
#include "devices/isa_bridge.h"

#include <catch2/catch.hpp>

#include "tests/devices/test_clock.h"

namespace seventeen::devices {

TEST_CASE("PIIX3: firmware recognises it, routes disabled") {
    IsaBridge bridge;
    CHECK(bridge.read_config(0, 4) == 0x70008086);
    CHECK(bridge.read_config(0x08, 4) == 0x06010000);
    CHECK(bridge.read_config(0x0e, 1) == 0x80);
    CHECK(bridge.read_config(0x60, 4) == 0x80808080);
}

TEST_CASE("PIIX3: PCI interrupts go where they are routed") {
    IsaBridge bridge;
    bridge.set_pirq(0, true);
    CHECK_FALSE(bridge.interrupt(11).level());
    bridge.write_config(0x60, 0x0b, 1);
    CHECK(bridge.interrupt(11).level());
    bridge.write_config(0x60, 0x0a, 1);
    CHECK_FALSE(bridge.interrupt(11).level());
    CHECK(bridge.interrupt(10).level());
    bridge.write_config(0x60, 0x8a, 1);
    CHECK_FALSE(bridge.interrupt(10).level());
    bridge.write_config(0x60, 0x08, 1);  // reserved
    CHECK_FALSE(bridge.interrupt(8).level());
}

TEST_CASE("PIIX3: sources of one interrupt are ORed") {
    IsaBridge bridge;
    bridge.write_config(0x60, 0x0b0b, 2);
    bridge.set_pirq(0, true);
    bridge.set_pirq(1, true);
    bridge.set_isa_irq(11, true);
    bridge.set_pirq(0, false);
    CHECK(bridge.interrupt(11).level());
    bridge.set_pirq(1, false);
    CHECK(bridge.interrupt(11).level());
    bridge.set_isa_irq(11, false);
    CHECK_FALSE(bridge.interrupt(11).level());
}

TEST_CASE("PIIX3: port cf9h resets, soft or hard, through the PCI bus' ports") {
    IsaBridge bridge;
    PciBus bus;
    bus.connect_reset_control(bridge, IsaBridge::kResetControl);
    unsigned hard = 0;
    unsigned soft = 0;
    bridge.hard_reset().connect([&](bool level) { hard += level; });
    bridge.soft_reset().connect([&](bool level) { soft += level; });
    bus.write(PciBus::kAddress, 1, 0x02, 1);
    CHECK(hard + soft == 0);
    CHECK(bus.read(PciBus::kAddress, 1, 1) == 0x02);
    bus.write(PciBus::kAddress, 1, 0x06, 1);
    CHECK(hard == 1);
    CHECK(bus.read(PciBus::kAddress, 1, 1) == 0x02);
    bus.write(PciBus::kAddress, 1, 0x04, 1);
    CHECK(soft == 1);
    CHECK(hard == 1);
}

TEST_CASE("PIIX3: restores routes and levels") {
    IsaBridge bridge;
    bridge.write_config(0x61, 0x05, 1);
    bridge.set_pirq(1, true);
    const TestClock clock;
    IsaBridge other;
    TestClock other_clock;
    restore(saved(clock, bridge), 0, other_clock, other);
    CHECK(other.interrupt(5).level());
    other.set_pirq(1, false);
    CHECK_FALSE(other.interrupt(5).level());
}

}  // namespace seventeen::devices
