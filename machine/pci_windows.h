// PciWindows: the ranges that chips answer in wherever the guest places them.
//
// A guest may place two windows over one another, or over a chip whose address is fixed. On a bus
// both would answer and the result be noise; here whoever was there first keeps the range, and the
// other gets it when it is free.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "core/bus.h"
#include "devices/pci_bus.h"

namespace seventeen::machine {

class PciWindows {
  public:
    struct Window {
        unsigned bar = 0;
        Device* chip = nullptr;
        unsigned region = 0;
        Width widest = 4;
    };

    PciWindows(Bus& ports, Bus& mmio) : ports_(ports), mmio_(mmio) {}

    // The function's base addresses move these windows from now on.
    void follow(devices::PciFunction& function, std::initializer_list<Window> windows);
    // A window of another kind of register; `claim.first` means nothing. Returns what move() takes.
    std::size_t add(Bus& bus, const Bus::Claim& claim);
    void move(std::size_t window, std::optional<u64> address);

  private:
    struct Place {
        Bus* bus = nullptr;
        Bus::Claim claim;
        std::optional<u64> wanted;
        bool placed = false;
    };

    void place_what_fits();

    Bus& ports_;
    Bus& mmio_;
    std::vector<Place> places_;
};

}  // namespace seventeen::machine
