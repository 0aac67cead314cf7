// TestClock: virtual time of one nanosecond a tick, advanced by hand, and snapshots of a chip.
#pragma once

#include <algorithm>
#include <vector>

#include "core/device.h"
#include "core/scheduler.h"
#include "core/snapshot.h"

namespace seventeen::devices {

struct TestClock {
    u64 retired = 0;
    bool attention = false;
    Scheduler scheduler{retired, attention};

    // Runs every event on its own tick, as the machine does.
    void advance(u64 nanoseconds) {
        const u64 end = retired + nanoseconds;
        while (scheduler.next_tick() <= end) {
            retired = std::max(retired, scheduler.next_tick());
            scheduler.run_due();
        }
        retired = end;
    }
};

inline std::vector<u8> saved(const TestClock& clock, const Device& device) {
    Writer writer;
    clock.scheduler.save(writer);
    device.save(writer);
    return std::move(writer).finish();
}

// `into` hangs on a clock of its own, on which the same chips were built in the same order.
inline void restore(const std::vector<u8>& image, u64 retired, TestClock& clock, Device& into) {
    clock.retired = retired;
    Reader reader(image, "test");
    clock.scheduler.restore(reader);
    into.restore(reader);
    reader.finish();
}

}  // namespace seventeen::devices
