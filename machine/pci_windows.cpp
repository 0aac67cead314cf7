// Placing windows where they are wanted and nobody else is.
#include "machine/pci_windows.h"

#include <map>
#include <utility>

namespace seventeen::machine {

using devices::PciFunction;
using devices::PciSpace;

void PciWindows::follow(PciFunction& function, std::initializer_list<Window> windows) {
    std::map<unsigned, std::size_t> numbers;
    for (const Window& window : windows) {
        const bool io = function.bar_space(window.bar) == PciSpace::kIo;
        numbers[window.bar] = add(io ? ports_ : mmio_, {.first = 0,
                                                        .size = function.bar_size(window.bar),
                                                        .device = window.chip,
                                                        .region = window.region,
                                                        .widest = window.widest});
    }
    function.on_bar_moved(
        [this, numbers](unsigned bar, PciFunction::BarAddress, PciFunction::BarAddress now) {
            if (const auto found = numbers.find(bar); found != numbers.end())
                move(found->second, now);
        });
}

std::size_t PciWindows::add(Bus& bus, const Bus::Claim& claim) {
    places_.push_back({&bus, claim, {}, false});
    return places_.size() - 1;
}

void PciWindows::move(std::size_t window, std::optional<u64> address) {
    places_[window].wanted = address;
    for (Place& place : places_)
        if (std::exchange(place.placed, false))
            place.bus->release(place.claim.first, place.claim.size);
    place_what_fits();
}

void PciWindows::place_what_fits() {
    for (auto it = places_.rbegin(); it != places_.rend(); ++it) {
        Place& place = *it;
        if (!place.wanted || !place.bus->free(*place.wanted, place.claim.size)) continue;
        place.claim.first = *place.wanted;
        place.bus->claim(place.claim);
        place.placed = true;
    }
}

}  // namespace seventeen::machine
