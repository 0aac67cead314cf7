// Privileged instructions in few lines: LGDT, LIDT, INVLPG, INVD, WBINVD, HLT, RDTSC and RDPMC.
#include "privilege/privilege_engine.h"
#include "privilege/time_stamp.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kPerformanceCounters = 2;

}  // namespace

Fault PrivilegeEngine::load_descriptor_table(DescriptorTable& table, u32 base, u16 limit) {
    if (Fault fault = require_supervisor()) return fault;
    table = {base, limit};
    return {};
}

Fault PrivilegeEngine::invalidate_page(LinearAddress address) {
    if (Fault fault = require_supervisor()) return fault;
    mmu_.invalidate_page(address);
    return {};
}

// Caches have no contents of their own here, so there is nothing to lose or write back.
Fault PrivilegeEngine::write_back_caches() {
    return require_supervisor();
}

Fault PrivilegeEngine::halt() {
    if (Fault fault = require_supervisor()) return fault;
    state_.activity = Activity::kHalted;
    state_.attention = true;
    return {};
}

Fault PrivilegeEngine::read_time_stamp(u64& value) {
    if ((state_.cr4 & kCr4Tsd) && state_.cpl != 0) return Fault::general_protection();
    value = time_stamp(state_, wiring_.scheduler);
    return {};
}

PrivilegeEngine::TimeStampLine PrivilegeEngine::time_stamp_line() const {
    const auto rate = wiring_.scheduler.rate();
    if (rate.ticks != 1) return {};
    const u64 now = time_stamp(state_, wiring_.scheduler);
    return {rate.nanoseconds, now - state_.retired * rate.nanoseconds};
}

// The counters of the P6 family exist but count nothing.
Fault PrivilegeEngine::read_performance_counter(u32 index, u64& value) {
    if (!(state_.cr4 & kCr4Pce) && state_.cpl != 0) return Fault::general_protection();
    if (index >= kPerformanceCounters) return Fault::general_protection();
    value = 0;
    return {};
}

}  // namespace seventeen::privilege
