// The time-stamp counter: nanoseconds of virtual time, that is 1 GHz on any host at any rate.
#pragma once

#include "core/cpu_state.h"
#include "core/scheduler.h"

namespace seventeen::privilege {

inline constexpr u64 kTimeStampFrequency = 1'000'000'000;

inline u64 time_stamp(const CpuState& state, const Scheduler& scheduler) {
    static_assert(kTimeStampFrequency == 1'000'000'000, "now() counts in the same unit");
    return scheduler.now() + state.msr.tsc_offset;
}

inline void set_time_stamp(CpuState& state, const Scheduler& scheduler, u64 value) {
    state.msr.tsc_offset = value - scheduler.now();
}

}  // namespace seventeen::privilege
