// Delivers exceptions and external interrupts; a fault on the way escalates (SDM 3A 6.15, #DF).
#include "core/check.h"
#include "core/occupation.h"
#include "privilege/interrupt_gate.h"
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

// SDM 3A table 6-4.
enum class Severity : u8 { kBenign, kContributory, kPageFault, kDoubleFault };

Severity severity(Vector vector) {
    switch (vector) {
        case Vector::kDivideError:
        case Vector::kInvalidTss:
        case Vector::kSegmentNotPresent:
        case Vector::kStackFault:
        case Vector::kGeneralProtection: return Severity::kContributory;
        case Vector::kPageFault: return Severity::kPageFault;
        case Vector::kDoubleFault: return Severity::kDoubleFault;
        default: return Severity::kBenign;
    }
}

// What is delivered after `first` met `second` (SDM 3A table 6-5).
Fault escalate(Vector first, const Fault& second) {
    const Severity now = severity(second.vector);
    const bool serious = now != Severity::kBenign;
    switch (severity(first)) {
        case Severity::kBenign: return second;
        case Severity::kContributory:
            return now == Severity::kContributory ? Fault::with_code(Vector::kDoubleFault, 0)
                                                  : second;
        case Severity::kPageFault:
            return serious ? Fault::with_code(Vector::kDoubleFault, 0) : second;
        default: return serious ? Fault::shutdown() : second;
    }
}

// Faults restart their instruction and push RF = 1 so that its breakpoint is not met twice. Traps
// and aborts push RF as it stands, and so does #DB, which may be either (SDM 3B 17.3.1.1).
bool pushes_rf(Vector vector) {
    switch (vector) {
        case Vector::kDebug:
        case Vector::kNmi:
        case Vector::kBreakpoint:
        case Vector::kOverflow:
        case Vector::kDoubleFault:
        case Vector::kMachineCheck: return false;
        default: return true;
    }
}

// How often one exception may turn into another. Benign ones can do so for ever (#AC on a stack of
// level 3 while #AC is delivered), which hangs a processor; ours shuts down.
constexpr unsigned kMostAttempts = 16;

}  // namespace

void PrivilegeEngine::deliver(Fault fault) {
    check(static_cast<bool>(fault), "only a fault is delivered");
    const Occupied occupied(Occupation::kDelivery);
    state_.pending_debug = 0;
    careful_.single_step = false;  // also where the fault is a new task's, and the switch retires
    if (fault.vector == Vector::kX87Error && !(state_.cr0 & kCr0Ne)) return freeze();
    for (unsigned attempt = 0; fault.kind == Fault::Kind::kException; ++attempt) {
        if (fault.vector == Vector::kPageFault) state_.cr2 = fault.address;
        InterruptEvent event;
        event.vector = static_cast<u8>(fault.vector);
        event.flags = state_.eflags() | (pushes_rf(fault.vector) ? kFlagRf : 0);
        event.has_error_code = fault.has_error_code;
        event.error_code = fault.error_code;
        Processor cpu(*this, state_, mmu_);
        const Fault next = InterruptGate(cpu, event).enter();
        if (!next) return;
        // CR2 tells of a second page fault even where it becomes a double fault.
        if (next.vector == Vector::kPageFault) state_.cr2 = next.address;
        fault = attempt < kMostAttempts ? escalate(fault.vector, next) : Fault::shutdown();
    }
    state_.activity = Activity::kShutdown;
    state_.attention = true;
}

void PrivilegeEngine::deliver_external(u8 vector) {
    const Occupied occupied(Occupation::kDelivery);
    InterruptEvent event;
    event.vector = vector;
    event.flags = state_.eflags();
    Processor cpu(*this, state_, mmu_);
    // An interrupt is benign: a fault that it meets is the next event (SDM 3A table 6-5).
    if (Fault fault = InterruptGate(cpu, event).enter()) deliver(fault);
}

}  // namespace seventeen::privilege
