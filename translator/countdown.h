// Countdown: memory that stops translated code when its instructions run out.
//
// r13 stands for an address in it: the start plus the instructions left. An exit moves r13 down by
// what was completed and reads the byte there. Below the start lies a gap that faults, so "is any
// left?" needs neither a comparison nor a branch, and leaves the guest's flags alone.
//
// Read at a new address by each exit, the memory would take its share of the host's first-level
// cache, where one page of it that shows everywhere does worse: some hosts look lines up by linear
// address first. So r13 is the address shifted left, and one byte stands for many instructions.
// Hosts without SHRX can't shift without changing flags; there the shift is zero.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

class Countdown {
  public:
    // Instructions in one stretch.
    static constexpr u64 kMost = u64{1} << 22;
    static constexpr unsigned kShift = 6;
    // Can the host shift?
    static bool is_dense_possible();

    // Throws Error where the host has no room. `dense`: r13 is shifted by kShift.
    explicit Countdown(bool dense);
    ~Countdown();
    Countdown(const Countdown&) = delete;
    Countdown& operator=(const Countdown&) = delete;

    // What r13 is when no instruction is left.
    u64 start() const { return base_ << shift_; }
    bool holds(u64 address) const { return address - (base_ - kGap) < kGap + size(); }

  private:
    // More than a block holds instructions, and than a repeated string instruction can count.
    static constexpr u64 kGap = (u64{1} << 32) + (u64{1} << 16);

    u64 size() const { return kMost >> shift_; }

    unsigned shift_;
    u64 base_ = 0;
};

}  // namespace seventeen::translator
