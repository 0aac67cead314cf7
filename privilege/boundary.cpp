// The boundary between two instructions: traps and interrupts in their order of priority (SDM 3A
// table 6-2), the shadows of STI and MOV SS, single step, RF and instruction breakpoints.
#include <utility>

#include "privilege/debug_registers.h"
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

bool nmi_waits(const CpuState& state) {
    return state.nmi_pending && !state.nmi_blocked;
}

bool interrupt_waits(const CpuState& state) {
    return state.interrupt_line && state.flag(kFlagIf);
}

}  // namespace

// Each kind of event is taken at most once, so that a guest whose interrupts never cease still gets
// on with its instructions. A debug trap's handler may itself be interrupted before its first
// instruction, as SDM 3B 17.3.1.4 tells.
PrivilegeEngine::Boundary PrivilegeEngine::service_boundary() {
    state_.attention = false;
    const auto open = [this] {
        return state_.activity != Activity::kShutdown && !state_.debug_shadow;
    };
    if (state_.pending_debug && open()) {
        const u32 conditions = std::exchange(state_.pending_debug, 0);
        state_.activity = Activity::kRunning;
        deliver(debug_exception(state_, conditions));
    }
    // NMI may be blocked after STI as well (SDM 2B STI); so that STI, HLT stay together, it is.
    if (nmi_waits(state_) && open() && !state_.interrupt_shadow) {
        state_.nmi_pending = false;
        state_.nmi_blocked = true;
        state_.activity = Activity::kRunning;
        deliver_external(static_cast<u8>(Vector::kNmi));
    }
    if (interrupt_waits(state_) && open() && !state_.interrupt_shadow) {
        state_.activity = Activity::kRunning;
        deliver_external(wiring_.interrupts.acknowledge());
    }
    if (state_.activity != Activity::kRunning || state_.pending_debug || needs_care())
        state_.attention = true;
    switch (state_.activity) {
        case Activity::kHalted: return Boundary::kHalted;
        case Activity::kShutdown: return Boundary::kShutdown;
        default: return Boundary::kRun;
    }
}

bool PrivilegeEngine::needs_care() const {
    return state_.flag(kFlagRf) || needs_more_than_rf();
}

bool PrivilegeEngine::needs_more_than_rf() const {
    return state_.flag(kFlagTf) || state_.interrupt_shadow || state_.debug_shadow ||
           watches_execution(state_.dr[7]);
}

bool PrivilegeEngine::boundary_is_plain() const {
    return state_.activity == Activity::kRunning && state_.pending_debug == 0 &&
           !nmi_waits(state_) && !interrupt_waits(state_) && !needs_more_than_rf();
}

Fault PrivilegeEngine::begin_careful() {
    if (watches_execution(state_.dr[7]) && !state_.flag(kFlagRf) && !state_.debug_shadow) {
        const LinearAddress here =
            SegmentedMemory::linear(state_.segment(SegmentName::kCs), state_.eip());
        u32 met = 0;
        for (unsigned i = 0; i < kBreakpointCount; ++i) {
            const Breakpoint breakpoint = Breakpoint::of(state_.dr[7], i);
            if (breakpoint.enabled && breakpoint.kind == BreakpointKind::kExecute &&
                state_.dr[i] == here.value)
                met |= 1u << i;
        }
        if (met) return debug_exception(state_, met);
    }
    careful_.single_step = state_.flag(kFlagTf);
    careful_.debug_shadow = state_.debug_shadow;
    // RF is cleared at the start of the instruction (SDM 3B 17.3.1.1), which may set it again for
    // the next (IRET, a task switch). A shadow covers this one instruction.
    state_.system_flags &= ~kFlagRf;
    state_.interrupt_shadow = false;
    state_.debug_shadow = false;
    state_.attention = careful_.single_step;
    return {};
}

void PrivilegeEngine::end_careful() {
    // Of several loads of SS in a row only the first has a shadow (SDM 3A 6.8.3).
    if (careful_.debug_shadow) state_.debug_shadow = false;
    // MOV SS is never single-stepped.
    if (careful_.single_step && !state_.debug_shadow) state_.pending_debug |= kDr6SingleStep;
    // Whatever a shadow held back comes now.
    state_.attention = true;
}

}  // namespace seventeen::privilege
