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

// SDM 1 8.7 and appendix D. With CR0.NE clear a processor would stop before the next waiting
// instruction until FERR# brings IRQ 13; ours runs on, as with IGNNE# asserted.
Fault PrivilegeEngine::report_x87_error() {
    update_ferr();
    const bool pending = state_.fpu.status & kX87ErrorSummary;
    return pending && (state_.cr0 & kCr0Ne) ? Fault::of(Vector::kX87Error) : Fault{};
}

void PrivilegeEngine::update_ferr() {
    ferr_.set((state_.fpu.status & kX87ErrorSummary) && !(state_.cr0 & kCr0Ne));
}

}  // namespace seventeen::privilege
