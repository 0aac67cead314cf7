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

// SDM 1 8.7. With CR0.NE clear a processor would stop before the instruction until FERR# brings
// IRQ 13; it runs on here as with IGNNE# asserted, and the interrupt comes one instruction late.
Fault PrivilegeEngine::report_x87_error() {
    const bool pending = state_.fpu.status & kX87ErrorSummary;
    const bool native = state_.cr0 & kCr0Ne;
    ferr_.set(pending && !native);
    return pending && native ? Fault::of(Vector::kX87Error) : Fault{};
}

}  // namespace seventeen::privilege
