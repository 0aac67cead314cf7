// Sorting samples, and a hash table that never grows.
#include "translator/profile.h"

#include <algorithm>

namespace seventeen::translator {

Occupation occupation_of(const Sample& sample) {
    if (sample.occupation != Occupation::kCode) return sample.occupation;
    // Translated code enters the kernel by faults alone.
    if (sample.kernel) return Occupation::kSignals;
    return sample.host == HostPlace::kBlock ? Occupation::kCode : Occupation::kSwitch;
}

Occupation callout_occupation(const decoder::Row& row) {
    using decoder::Class;
    using decoder::Family;
    const bool special = row.kind == Class::kSensitive || row.kind == Class::kPrivileged;
    if (row.family == Family::kInputOutput) return Occupation::kPortCall;
    if (row.family == Family::kString)
        return special ? Occupation::kPortCall : Occupation::kStringCall;
    if (special) return Occupation::kPrivilegeCall;
    return row.family >= Family::kX87 ? Occupation::kFpuCall : Occupation::kOtherCall;
}

void Profile::add(const Sample& sample) {
    const Occupation occupation = occupation_of(sample);
    Share& share = shares_[static_cast<std::size_t>(occupation)];
    share.samples += sample.weight;
    if (sample.kernel) share.kernel += sample.weight;
    if (occupation == Occupation::kCode) blocks_.add(sample.guest, sample.weight);
    if (sample.in_callout) callouts_.add(sample.guest, sample.weight);
}

Profile::Share Profile::total() const {
    Share sum;
    for (const Share& share : shares_) {
        sum.samples += share.samples;
        sum.kernel += share.kernel;
    }
    return sum;
}

void Profile::Spots::add(const GuestPlace& place, u64 weight) {
    constexpr u32 kMultiplier = 0x9e37'79b1;  // spreads neighbouring addresses
    const std::size_t first = (place.eip * kMultiplier) >> 16;
    for (std::size_t i = 0; i < kTries; ++i) {
        Spot& spot = slots_[(first + i) % kSlots];
        if (spot.samples != 0 && !(spot.place == place)) continue;
        spot.place = place;
        spot.samples += weight;
        return;
    }
    lost_ += weight;
}

std::vector<Profile::Spot> Profile::Spots::hottest(std::size_t most) const {
    std::vector<Spot> spots;
    std::ranges::copy_if(slots_, std::back_inserter(spots),
                         [](const Spot& spot) { return spot.samples != 0; });
    std::ranges::sort(spots, [](const Spot& a, const Spot& b) {
        return a.samples != b.samples ? a.samples > b.samples : a.place.eip < b.place.eip;
    });
    if (spots.size() > most) spots.resize(most);
    return spots;
}

}  // namespace seventeen::translator
