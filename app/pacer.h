// Pacer: keeps virtual time beside the wall clock, and finds the rate at which it can.
//
// Between two slices of a run: a guest that is ahead of the wall clock is made to wait; where the
// host could not keep up, or could do more, the length of an instruction in virtual time changes.
#pragma once

#include <chrono>
#include <optional>

#include "core/scheduler.h"

namespace seventeen::app {

class Pacer {
  public:
    using Clock = std::chrono::steady_clock;
    using Nanoseconds = std::chrono::nanoseconds;

    Pacer(Clock::time_point wall, Scheduler::Nanoseconds now) : wall_(wall), virtual_(now) {}

    // A slice retired `instructions` in `busy` of wall time. Returns a rate to change to, if that
    // is worth it.
    std::optional<TickRate> ran(u64 instructions, Nanoseconds busy, TickRate rate);
    // How long the guest is ahead; zero or less where it is behind.
    Nanoseconds ahead(Clock::time_point wall, Scheduler::Nanoseconds now);

  private:
    Clock::time_point wall_;
    Scheduler::Nanoseconds virtual_;
    u64 instructions_ = 0;
    Nanoseconds busy_{};
};

}  // namespace seventeen::app
