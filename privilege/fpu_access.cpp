// May x87, MMX and SSE instructions run, and who hears of x87 errors (SDM 3A 2.5, table 9-2).
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

constexpr u16 kX87ErrorSummary = 1u << 7;  // ES in the status word

}  // namespace

Fault PrivilegeEngine::require_x87() const {
    return state_.cr0 & (kCr0Em | kCr0Ts) ? Fault::of(Vector::kDeviceNotAvailable) : Fault{};
}

// WAIT ignores EM, and TS unless MP is set.
Fault PrivilegeEngine::require_wait() const {
    constexpr u64 kBoth = kCr0Mp | kCr0Ts;
    return (state_.cr0 & kBoth) == kBoth ? Fault::of(Vector::kDeviceNotAvailable) : Fault{};
}

Fault PrivilegeEngine::require_mmx() const {
    if (state_.cr0 & kCr0Em) return Fault::invalid_opcode();
    return state_.cr0 & kCr0Ts ? Fault::of(Vector::kDeviceNotAvailable) : Fault{};
}

Fault PrivilegeEngine::require_sse() const {
    if (!(state_.cr4 & kCr4Osfxsr)) return Fault::invalid_opcode();
    return require_mmx();
}

// SDM 1 8.7 and appendix D; deliver() tells #MF from the freeze.
Fault PrivilegeEngine::report_x87_error() {
    update_ferr();
    if (!(state_.fpu.status & kX87ErrorSummary)) return {};
    const bool ignored = !(state_.cr0 & kCr0Ne) && ignne_;
    return ignored ? Fault{} : Fault::of(Vector::kX87Error);
}

// The instruction has not begun: whatever interrupts, returns to it. Nothing but an interrupt ends
// this, as nothing but FERR#'s own is meant to.
void PrivilegeEngine::freeze() {
    state_.activity = Activity::kHalted;
    state_.attention = true;
}

void PrivilegeEngine::update_ferr() {
    ferr_.set((state_.fpu.status & kX87ErrorSummary) && !(state_.cr0 & kCr0Ne));
}

}  // namespace seventeen::privilege
