// How fast the host is, and what follows for virtual time.
#include "app/pacer.h"

#include <algorithm>
#include <cmath>

namespace seventeen::app {

namespace {

constexpr Pacer::Nanoseconds kMeasured = std::chrono::milliseconds(300);  // of busy wall time
constexpr Pacer::Nanoseconds kForgiven = std::chrono::milliseconds(100);
constexpr double kHeadroom = 1.15;  // for what a slice costs besides instructions
constexpr double kWorthIt = 0.2;
constexpr u64 kThousandth = 1000;  // a rate is in picoseconds per instruction
constexpr u64 kSlowest = 100'000;
constexpr u64 kFastest = 100;

}  // namespace

std::optional<TickRate> Pacer::ran(u64 instructions, Nanoseconds busy, TickRate rate) {
    instructions_ += instructions;
    busy_ += busy;
    if (busy_ < kMeasured || instructions_ == 0) return {};
    const double cost = static_cast<double>(busy_.count()) / static_cast<double>(instructions_);
    instructions_ = 0;
    busy_ = {};
    const double now = static_cast<double>(rate.nanoseconds) / static_cast<double>(rate.ticks);
    const double wanted = cost * kHeadroom;
    if (std::abs(wanted - now) < kWorthIt * now) return {};
    const double picoseconds = wanted * static_cast<double>(kThousandth);
    const u64 whole = static_cast<u64>(
        std::clamp(picoseconds, static_cast<double>(kFastest), static_cast<double>(kSlowest)));
    return TickRate{.nanoseconds = whole, .ticks = kThousandth};
}

// A guest that fell far behind does not race to catch up: its clock is taken as it is.
Pacer::Nanoseconds Pacer::ahead(Clock::time_point wall, Scheduler::Nanoseconds now) {
    const Nanoseconds guest(static_cast<s64>(now - virtual_));
    const Nanoseconds ahead = guest - (wall - wall_);
    if (ahead < -kForgiven) {
        wall_ = wall;
        virtual_ = now;
        return Nanoseconds::zero();
    }
    return ahead;
}

}  // namespace seventeen::app
