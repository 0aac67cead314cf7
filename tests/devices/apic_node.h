// ApicNode: a CPU as its local APIC sees it, and boards of one and two of them.
#pragma once

#include <vector>

#include "devices/local_apic.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace apic {

// Registers, counted from the page's start (SDM 3A table 10-1).
enum Offset : u64 {
    kId = 0x20,
    kVersion = 0x30,
    kTpr = 0x80,
    kApr = 0x90,
    kPpr = 0xa0,
    kEoi = 0xb0,
    kLdr = 0xd0,
    kDfr = 0xe0,
    kSvr = 0xf0,
    kIsr = 0x100,
    kTmr = 0x180,
    kIrr = 0x200,
    kEsr = 0x280,
    kIcrLow = 0x300,
    kIcrHigh = 0x310,
    kTimer = 0x320,
    kThermal = 0x330,
    kPerformance = 0x340,
    kLint0 = 0x350,
    kLint1 = 0x360,
    kError = 0x370,
    kInitial = 0x380,
    kCurrent = 0x390,
    kDivide = 0x3e0,
};
inline constexpr u32 kMasked = 1 << 16;
inline constexpr u32 kPeriodic = 1 << 17;
inline constexpr u32 kByOne = 0xb;

}  // namespace apic

// One CPU and its APIC.
struct ApicNode {
    unsigned nmis = 0;
    unsigned smis = 0;
    unsigned inits = 0;
    unsigned external_cycles = 0;
    u8 started_at = 0;
    LocalApic apic;

    ApicNode(u8 id, LocalApic::Role role, ApicBus& bus, Scheduler& scheduler)
        : apic(id, role,
               {bus, scheduler,
                [this] {
                    ++external_cycles;
                    return u8{0x08};
                },
                [this](u8 vector) { started_at = vector; }}) {
        apic.nmi().connect([this](bool level) { nmis += level; });
        apic.smi().connect([this](bool level) { smis += level; });
        apic.init().connect([this](bool level) { inits += level; });
    }

    u32 read(u64 offset) { return static_cast<u32>(apic.read(0, offset, 4)); }
    void write(u64 offset, u32 value) { apic.write(0, offset, value, 4); }
    void enable() { write(apic::kSvr, 0x1ff); }
    bool intr() { return apic.interrupt().level(); }
};

struct OneApic {
    TestClock clock;
    ApicBus bus;
    std::vector<u8> broadcast;
    ApicNode cpu{0, LocalApic::Role::kBootstrap, bus, clock.scheduler};

    OneApic() {
        bus.attach_listener([this](u8 vector) { broadcast.push_back(vector); });
    }
    u32 read(u64 offset) { return cpu.read(offset); }
    void write(u64 offset, u32 value) { cpu.write(offset, value); }
    bool intr() { return cpu.intr(); }
    u8 acknowledge() { return cpu.apic.acknowledge(); }
    bool send(u8 vector, TriggerMode trigger = TriggerMode::kEdge,
              DeliveryMode delivery = DeliveryMode::kFixed) {
        return bus.deliver({vector, delivery, DestinationMode::kPhysical, trigger, 0});
    }
};

// Another APIC that is there to be talked to.
struct TwoApics : OneApic {
    ApicNode other{1, LocalApic::Role::kApplication, bus, clock.scheduler};
};

}  // namespace seventeen::devices
