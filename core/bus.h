// Bus: maps ranges of addresses (ports or physical memory) to chips; overlap is refused and
// unclaimed reads float high.
#pragma once

#include <string>
#include <vector>

#include "core/device.h"
#include "core/types.h"

namespace seventeen {

class Bus {
  public:
    struct Claim {
        u64 first = 0;
        u64 size = 0;
        Device* device = nullptr;
        unsigned region = 0;  // passed back to the device, which may claim several ranges
        // Widest access the chip takes at once; a wider one is split, low part first.
        Width widest = 4;
    };

    // `name` and `size` (in addresses) describe the space in messages: "port", 0x10000.
    Bus(std::string name, u64 size);

    // Throws Error where the range is empty, out of the space or overlaps another claim.
    void claim(const Claim& claim);
    void release(u64 first, u64 size);     // exactly a range that was claimed
    bool free(u64 first, u64 size) const;  // whether such a claim would be accepted
    const Claim* find(u64 address) const;  // nullptr where nothing answers
    const std::vector<Claim>& claims() const { return claims_; }  // sorted by address

    // An access that straddles claims, or is wider than the chip takes, is split, low part first;
    // bytes that nobody claims read as 0xff. A device may claim and release while it is accessed.
    u64 read(u64 address, Width width) const;
    void write(u64 address, u64 value, Width width) const;

  private:
    // Calls `piece(claim, done, width)` for each part, `done` bytes into the access.
    template <typename Piece>
    void split(u64 address, Width width, Piece&& piece) const;
    const Claim* occupant(u64 first, u64 size) const;
    [[noreturn]] void refuse(const Claim& claim, const std::string& why) const;

    std::string name_;
    u64 size_;
    std::vector<Claim> claims_;
    mutable std::size_t last_ = 0;  // index of the claim that was found last
};

}  // namespace seventeen
