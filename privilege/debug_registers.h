// Debug registers: the fields of DR6 and DR7, and how a debug exception enters them (SDM 3B 17.2).
#pragma once

#include "core/cpu_state.h"
#include "core/fault.h"
#include "core/types.h"

namespace seventeen::privilege {

inline constexpr unsigned kBreakpointCount = 4;

// DR6. CpuState::pending_debug uses the same bits.
inline constexpr u32 kDr6Breakpoints = 0xf;  // B0..B3
inline constexpr u32 kDr6GeneralDetect = 1u << 13;
inline constexpr u32 kDr6SingleStep = 1u << 14;
inline constexpr u32 kDr6TaskSwitch = 1u << 15;

inline constexpr u32 kDr7Enabled = 0xff;  // L0, G0 … L3, G3
inline constexpr u32 kDr7GeneralDetect = 1u << 13;

enum class BreakpointKind : u8 { kExecute, kWrite, kPort, kReadWrite };

// The condition that DR7 describes for one of the four address registers.
struct Breakpoint {
    bool enabled = false;  // locally or globally
    BreakpointKind kind = BreakpointKind::kExecute;
    unsigned length = 1;  // in bytes

    constexpr static Breakpoint of(u64 dr7, unsigned number) {
        // A length of 10b is undefined; it means eight bytes on processors with long mode.
        constexpr unsigned kLengths[] = {1, 2, 8, 4};
        const unsigned condition = static_cast<unsigned>(dr7 >> (16 + 4 * number)) & 0xf;
        return {(dr7 >> (2 * number) & 3) != 0, static_cast<BreakpointKind>(condition & 3),
                kLengths[condition >> 2]};
    }
};

// Is any instruction breakpoint enabled?
constexpr bool watches_execution(u64 dr7) {
    if (!(dr7 & kDr7Enabled)) return false;
    for (unsigned i = 0; i < kBreakpointCount; ++i) {
        const Breakpoint breakpoint = Breakpoint::of(dr7, i);
        if (breakpoint.enabled && breakpoint.kind == BreakpointKind::kExecute) return true;
    }
    return false;
}

// #DB for the `conditions` (DR6 bits) that were met: records them in DR6, replacing B0..B3 and
// leaving the other bits for software to clear, and lets the handler reach the debug registers
// (DR7.GD). The fault must be delivered.
Fault debug_exception(CpuState& state, u32 conditions);

}  // namespace seventeen::privilege
