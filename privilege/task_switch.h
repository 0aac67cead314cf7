// TaskSwitch: leaves the current task for the one of another TSS (SDM 3A 7.3).
//
// Up to the commit point (Processor::task_switched) a fault leaves everything as it was: the target
// is checked, and every byte that will be touched is probed. Then the old task is saved, the new
// one's registers are loaded, and its selectors are qualified one by one; a fault there belongs to
// the new task, whose segments not reached yet cannot be used.
#pragma once

#include "core/fault.h"
#include "privilege/processor.h"
#include "privilege/task_state_segment.h"

namespace seventeen::privilege {

class TaskSwitch {
  public:
    // A call and an interrupt nest: the new task links back to this one, which stays busy.
    enum class Cause : u8 { kJump, kCall, kInterrupt, kReturn };

    // `saved_flags` is the EFLAGS image that the old TSS receives.
    TaskSwitch(Processor& cpu, Cause cause, u32 saved_flags)
        : cpu_(cpu), cause_(cause), saved_flags_(saved_flags) {}

    // Checks the TSS that a far pointer, a task gate or a back link names, and switches to it.
    // Rights to the pointer or gate were checked before; EIP and pushes come after.
    Fault enter(u16 selector);
    // IRET with NT: to the task that the current TSS links back to.
    Fault return_to_previous();

  private:
    Fault check_target(u16 selector, Descriptor& descriptor);
    Fault check_memory(const CheckedSegment& target);
    Fault exchange_states(const CheckedSegment& target, TaskState& task);
    void load_registers(const TaskState& task);
    Fault load_segments(const TaskState& task);
    Fault load_ldt(u16 selector);
    Fault load_code(u16 selector);
    Fault load_stack(u16 selector);
    Fault load_data(SegmentName name, u16 selector);

    bool nests() const { return cause_ == Cause::kCall || cause_ == Cause::kInterrupt; }
    // Does the old task end: is its TSS marked available?
    bool releases() const { return !nests(); }

    Processor& cpu_;
    Cause cause_;
    u32 saved_flags_;
};

// #GP(0) where the new task's EIP lies beyond its code segment; the last check of a switch.
Fault check_entry_point(const Processor& cpu);

// Where a fault past the commit point ends: it is delivered at the new task's CS:EIP, since it is
// none of the instruction that switched; other faults go back to the caller.
Fault settle(Processor& cpu, Fault fault);

}  // namespace seventeen::privilege
