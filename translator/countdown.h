// Countdown: memory that stops translated code when its instructions run out.
//
// r13 points into it: to its start plus the instructions left. An exit moves r13 down by what was
// completed and reads the byte there. Below the start lies a gap that faults, so "is any left?"
// needs neither a comparison nor a branch, and leaves the guest's flags alone.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

class Countdown {
  public:
    // Instructions in one stretch. The memory is one page of zeros, seen again and again.
    static constexpr u64 kMost = u64{1} << 21;

    // Throws Error where the host has no room.
    Countdown();
    ~Countdown();
    Countdown(const Countdown&) = delete;
    Countdown& operator=(const Countdown&) = delete;

    u64 base() const { return base_; }
    bool holds(u64 address) const { return address - (base_ - kGap) < kGap + kMost; }

  private:
    // More than a block holds instructions, and than a repeated string instruction can count.
    static constexpr u64 kGap = (u64{1} << 32) + (u64{1} << 16);

    u64 base_ = 0;
};

}  // namespace seventeen::translator
