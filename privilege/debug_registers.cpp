// MOV to and from the debug registers.
#include "privilege/debug_registers.h"

#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

// What always reads as one, and what can be written (SDM 3B 17.2.3 and 17.2.4).
constexpr u32 kDr6Fixed = 0xffff0ff0;
constexpr u32 kDr6Writable = kDr6Breakpoints | kDr6GeneralDetect | kDr6SingleStep | kDr6TaskSwitch;
constexpr u32 kDr7Fixed = 0x400;
constexpr u32 kDr7Writable = 0xffff03ff | kDr7GeneralDetect;
constexpr unsigned kDr6 = 6;
constexpr unsigned kDr7 = 7;

// DR4 and DR5 are other names of DR6 and DR7 until CR4.DE takes them away.
Fault admit(CpuState& state, unsigned& number) {
    if (number == 4 || number == 5) {
        if (state.cr4 & kCr4De) return Fault::invalid_opcode();
        number += 2;
    }
    if (number > kDr7) return Fault::invalid_opcode();
    if (state.cpl != 0) return Fault::general_protection();
    if (!(state.dr[kDr7] & kDr7GeneralDetect)) return {};
    // A fault that no instruction breakpoint caused pushes RF set (SDM 3B 17.3.1.1).
    state.system_flags |= kFlagRf;
    return debug_exception(state, kDr6GeneralDetect);
}

}  // namespace

Fault debug_exception(CpuState& state, u32 conditions) {
    state.dr[kDr6] = (state.dr[kDr6] & ~u64{kDr6Breakpoints}) | conditions;
    state.dr[kDr7] &= ~u64{kDr7GeneralDetect};
    return Fault::of(Vector::kDebug);
}

Fault PrivilegeEngine::read_debug(unsigned number, u32& value) {
    if (Fault fault = admit(state_, number)) return fault;
    value = static_cast<u32>(state_.dr[number]);
    return {};
}

Fault PrivilegeEngine::write_debug(unsigned number, u32 value) {
    if (Fault fault = admit(state_, number)) return fault;
    if (number == kDr6) value = (value & kDr6Writable) | kDr6Fixed;
    if (number == kDr7) value = (value & kDr7Writable) | kDr7Fixed;
    state_.dr[number] = value;
    mmu_.breakpoints_changed();
    state_.attention = true;
    return {};
}

}  // namespace seventeen::privilege
