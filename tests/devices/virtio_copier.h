// Copier: the simplest virtio device, and a session of a driver with it.
#pragma once

#include <catch2/catch.hpp>

#include "tests/devices/virtio_guest.h"

namespace seventeen::devices {

inline constexpr u64 kCopierFeature = 1u << 3;
inline constexpr u64 kCopierData = 0xa0000;

inline VirtioKind copier_kind() {
    VirtioKind kind;
    kind.device = 9;
    kind.transitional = 0x1009;
    kind.class_code = 0x00ff00;
    kind.features = kCopierFeature;
    kind.queues = 2;
    kind.queue_size = 64;
    return kind;
}

// Queue 0 copies what is readable to what is writable; queue 1 keeps its chains.
class Copier final : public VirtioPci {
  public:
    explicit Copier(DmaPort& memory) : VirtioPci(memory, copier_kind()) {}
    std::string_view name() const override { return "copier"; }
    using VirtioPci::config_changed;

    std::array<u8, 8> settings = {1, 2, 3, 4, 5, 6, 7, 8};
    unsigned served = 0;
    unsigned resets = 0;

  private:
    std::optional<u64> serve(unsigned, VirtioChain& chain) override {
        ++served;
        if (chain.readable.left() == 0) return {};
        std::vector<u8> bytes(chain.readable.left());
        chain.readable.read(memory(), bytes);
        return chain.writable.write(memory(), bytes);
    }
    bool keeps_chains(unsigned queue) const override { return queue == 1; }
    u8 read_device_config(unsigned offset) const override {
        return offset < settings.size() ? settings[offset] : u8{0};
    }
    void write_device_config(unsigned offset, u8 value) override {
        if (offset < settings.size()) settings[offset] = value;
    }
    void reset_device() override { ++resets; }
};

struct CopierBoard : VirtioBoard {
    Copier copier{memory};

    CopierBoard() { plug(copier); }
};

struct CopierSession : CopierBoard {
    VirtioDriver driver;
    VirtioDriver::Queue queue;

    explicit CopierSession(VirtioAccess access, u64 features = 0) : driver(*this, access) {
        REQUIRE(driver.begin(features));
        queue = driver.set_up(0);
        driver.ready();
    }
    void request(u32 size = 16) {
        driver.add(queue, {{kCopierData, size}, {kCopierData + 0x1000, size, true}});
        driver.notify(queue, 0);
    }
};

inline constexpr VirtioAccess kVirtioAccesses[] = {VirtioAccess::kLegacy, VirtioAccess::kModern,
                                                   VirtioAccess::kWindow};

}  // namespace seventeen::devices
