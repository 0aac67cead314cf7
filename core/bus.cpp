// Finds the chip behind an address and splits what it does not take in one access.
#include "core/bus.h"

#include <algorithm>
#include <bit>

#include "core/check.h"
#include "core/error.h"
#include "core/occupation.h"
#include "core/text.h"

namespace seventeen {

namespace {

constexpr Width kWidest = 8;

u64 low_bytes(u64 value, Width width) {
    return width == kWidest ? value : value & ((u64{1} << (8 * width)) - 1);
}

bool contains(const Bus::Claim& claim, u64 address) {
    return address - claim.first < claim.size;
}

// How many bytes from `address` on the chip takes in one access, at most.
u64 reach(const Bus::Claim& claim, u64 address) {
    return std::min<u64>(claim.widest, claim.size - (address - claim.first));
}

std::string range(u64 first, u64 size) {
    return hex(first) + ".." + hex(first + size - 1);
}

}  // namespace

Bus::Bus(std::string name, u64 size) : name_(std::move(name)), size_(size) {}

void Bus::claim(const Claim& claim) {
    check(claim.device != nullptr, "a claim names no device");
    check(std::has_single_bit(claim.widest) && claim.widest <= kWidest,
          "a chip's widest access is 1, 2, 4 or 8 bytes");
    if (claim.size == 0) refuse(claim, "the range is empty");
    if (claim.first >= size_ || claim.size > size_ - claim.first)
        refuse(claim, "the " + name_ + " space ends at " + hex(size_ - 1));
    if (const Claim* other = occupant(claim.first, claim.size))
        refuse(claim, "'" + std::string(other->device->name()) + "' has " +
                          range(other->first, other->size));
    const auto after =
        std::upper_bound(claims_.begin(), claims_.end(), claim.first,
                         [](u64 first, const Claim& other) { return first < other.first; });
    claims_.insert(after, claim);
}

const Bus::Claim* Bus::occupant(u64 first, u64 size) const {
    const auto after =
        std::upper_bound(claims_.begin(), claims_.end(), first,
                         [](u64 wanted, const Claim& other) { return wanted < other.first; });
    if (after != claims_.begin() && contains(*(after - 1), first)) return &*(after - 1);
    if (after != claims_.end() && after->first - first < size) return &*after;
    return nullptr;
}

bool Bus::free(u64 first, u64 size) const {
    return first < size_ && size <= size_ - first && occupant(first, size) == nullptr;
}

void Bus::release(u64 first, u64 size) {
    const auto found = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& claim) {
        return claim.first == first && claim.size == size;
    });
    check(found != claims_.end(), "a range is released that was not claimed");
    claims_.erase(found);
}

const Bus::Claim* Bus::find(u64 address) const {
    if (last_ < claims_.size() && contains(claims_[last_], address)) return &claims_[last_];
    const auto after =
        std::upper_bound(claims_.begin(), claims_.end(), address,
                         [](u64 wanted, const Claim& claim) { return wanted < claim.first; });
    if (after == claims_.begin() || !contains(*(after - 1), address)) return nullptr;
    last_ = static_cast<std::size_t>(after - 1 - claims_.begin());
    return &claims_[last_];
}

u64 Bus::read(u64 address, Width width) const {
    const Occupied occupied(Occupation::kDevices);
    u64 value = 0;
    split(address, width, [&](const Claim* claim, Width done, Width part) {
        u64 piece = ~u64{0};
        if (claim) piece = claim->device->read(claim->region, address + done - claim->first, part);
        value |= low_bytes(piece, part) << (8 * done);
    });
    return value;
}

void Bus::write(u64 address, u64 value, Width width) const {
    const Occupied occupied(Occupation::kDevices);
    split(address, width, [&](const Claim* claim, Width done, Width part) {
        if (!claim) return;
        const u64 piece = low_bytes(value >> (8 * done), part);
        claim->device->write(claim->region, address + done - claim->first, piece, part);
    });
}

template <typename Piece>
void Bus::split(u64 address, Width width, Piece&& piece) const {
    check(std::has_single_bit(width) && width <= kWidest, "an access has 1, 2, 4 or 8 bytes");
    for (Width done = 0; done < width;) {
        // Looked up anew for each part: the device may have moved its ranges meanwhile.
        const Claim* claim = find(address + done);
        const u64 most = claim ? reach(*claim, address + done) : 1;
        const Width part = static_cast<Width>(std::bit_floor(std::min<u64>(most, width - done)));
        piece(claim, done, part);
        done += part;
    }
}

void Bus::refuse(const Claim& claim, const std::string& why) const {
    const std::string wanted = claim.size == 0 ? hex(claim.first) : range(claim.first, claim.size);
    throw Error(name_ + " bus: '" + std::string(claim.device->name()) + "' cannot have " + wanted +
                ": " + why);
}

}  // namespace seventeen
