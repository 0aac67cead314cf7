// Carries out task switches: checks, saving, loading, and qualifying the new task's segments.
#include "privilege/task_switch.h"

#include <algorithm>

#include "privilege/debug_registers.h"
#include "privilege/segment_state.h"

namespace seventeen::privilege {

namespace {

constexpr u64 kDr7LocalEnables = 0x155;  // L0 to L3 and LE (SDM 3B 17.2.4)

Fault invalid_tss(u16 selector) {
    return Fault::with_code(Vector::kInvalidTss, selector_error(selector));
}

Fault not_present(u16 selector) {
    return Fault::with_code(Vector::kSegmentNotPresent, selector_error(selector));
}

}  // namespace

Fault TaskSwitch::return_to_previous() {
    u16 selector = 0;
    if (Fault fault = TaskStateSegment(cpu_.state.tr, cpu_.mmu).read_link(selector)) return fault;
    return enter(selector);
}

Fault TaskSwitch::enter(u16 selector) {
    CheckedSegment target{selector, {}};
    if (Fault fault = check_target(selector, target.descriptor)) return fault;
    if (Fault fault = check_memory(target)) return fault;
    TaskState task;
    if (Fault fault = exchange_states(target, task)) return fault;

    cpu_.task_switched = true;
    CpuState& state = cpu_.state;
    state.tr = target.loaded();
    state.tr.attributes |= kSystemTypeBusy;
    state.cr0 |= kCr0Ts;
    state.dr[7] &= ~kDr7LocalEnables;
    cpu_.mmu.breakpoints_changed();
    state.interrupt_shadow = false;
    state.debug_shadow = false;
    state.attention = true;
    load_registers(task);
    if (TaskStateSegment(state.tr, cpu_.mmu).is_32_bit() && state.paging())
        if (Fault fault = cpu_.engine.load_page_directory(task.page_directory)) return fault;
    if (Fault fault = load_segments(task)) return fault;
    if (task.debug_trap) state.pending_debug |= kDr6TaskSwitch;
    return {};
}

// SDM 3A table 7-1, first rows: a bad back link is an invalid TSS, any other bad target #GP.
Fault TaskSwitch::check_target(u16 selector, Descriptor& descriptor) {
    const bool returns = cause_ == Cause::kReturn;
    const Vector invalid = returns ? Vector::kInvalidTss : Vector::kGeneralProtection;
    if (Fault fault = cpu_.tables.fetch_global(selector, invalid, descriptor)) return fault;
    if (returns ? !descriptor.busy_tss() : !descriptor.available_tss())
        return Fault::with_code(invalid, selector_error(selector));
    if (!descriptor.present()) return not_present(selector);
    return {};
}

// Limits, then "checks that the current (old) TSS, new TSS, and all segment descriptors used in the
// task switch are paged into system memory" (SDM 3A 7.3).
Fault TaskSwitch::check_memory(const CheckedSegment& target) {
    const u16 old_selector = cpu_.state.tr.selector;
    TaskStateSegment old_tss(cpu_.state.tr, cpu_.mmu);
    TaskStateSegment new_tss(target.loaded(), cpu_.mmu);
    if (!new_tss.holds_state()) return invalid_tss(target.selector);
    if (!old_tss.holds_saved_state()) return invalid_tss(old_selector);
    if (Fault fault = new_tss.probe_load()) return fault;
    if (Fault fault = old_tss.probe_save()) return fault;
    if (nests())
        if (Fault fault = new_tss.probe_link()) return fault;
    if (releases())
        if (Fault fault = cpu_.tables.probe_type(old_selector)) return fault;
    if (cause_ != Cause::kReturn)
        if (Fault fault = cpu_.tables.probe_type(target.selector)) return fault;
    return {};
}

// All that is written and read in both TSSes and their descriptors, in the order of SDM 3A 7.3.
// Nothing here faults after check_memory, unless a TSS lies within the page tables.
Fault TaskSwitch::exchange_states(const CheckedSegment& target, TaskState& task) {
    const u16 old_selector = cpu_.state.tr.selector;
    TaskStateSegment old_tss(cpu_.state.tr, cpu_.mmu);
    TaskStateSegment new_tss(target.loaded(), cpu_.mmu);
    if (releases())
        if (Fault fault = cpu_.tables.clear_busy(old_selector)) return fault;
    if (cause_ == Cause::kReturn) saved_flags_ &= ~kFlagNt;
    if (Fault fault = old_tss.save(cpu_.state, saved_flags_)) return fault;
    if (nests())
        if (Fault fault = new_tss.write_link(old_selector)) return fault;
    if (cause_ != Cause::kReturn)
        if (Fault fault = cpu_.tables.set_busy(target.selector)) return fault;
    if (Fault fault = new_tss.load(task)) return fault;
    if (nests()) task.eflags |= kFlagNt;
    return {};
}

void TaskSwitch::load_registers(const TaskState& task) {
    CpuState& state = cpu_.state;
    std::copy(task.gpr.begin(), task.gpr.end(), state.gpr.begin());
    state.rip = task.eip;
    state.set_eflags(task.eflags & cpu_.engine.model().implemented_flags());
    for (unsigned i = 0; i < kSegmentCount; ++i)
        state.segments[i] = null_segment(task.selectors[i]);
    state.ldtr = null_segment(task.ldt);
    // Until SS is loaded a fault must not be pushed on it: from level 3 every handler brings a
    // stack of its own. (The SDM leaves the state of a half-loaded task open.)
    cpu_.engine.set_cpl(3);
}

// The order is that of the 386's manual (table 7-1): LDT, CS, SS, then the data segments.
Fault TaskSwitch::load_segments(const TaskState& task) {
    const auto selector = [&task](SegmentName name) {
        return task.selectors[static_cast<unsigned>(name)];
    };
    if (Fault fault = load_ldt(task.ldt)) return fault;
    if (cpu_.state.v86()) {
        for (unsigned i = 0; i < kSegmentCount; ++i)
            cpu_.state.segments[i] = v86_segment(task.selectors[i]);
        return {};
    }
    if (Fault fault = load_code(selector(SegmentName::kCs))) return fault;
    if (Fault fault = load_stack(selector(SegmentName::kSs))) return fault;
    cpu_.engine.set_cpl(selector_rpl(selector(SegmentName::kCs)));
    for (SegmentName name :
         {SegmentName::kDs, SegmentName::kEs, SegmentName::kFs, SegmentName::kGs})
        if (Fault fault = load_data(name, selector(name))) return fault;
    return {};
}

Fault TaskSwitch::load_ldt(u16 selector) {
    if (selector_null(selector)) return {};
    CheckedSegment ldt{selector, {}};
    if (Fault fault = cpu_.tables.fetch_global(selector, Vector::kInvalidTss, ldt.descriptor))
        return fault;
    if (!ldt.descriptor.is(SystemType::kLdt) || !ldt.descriptor.present())
        return invalid_tss(selector);
    cpu_.state.ldtr = ldt.loaded();
    return {};
}

Fault TaskSwitch::load_code(u16 selector) {
    if (selector_null(selector)) return invalid_tss(selector);
    CheckedSegment code{selector, {}};
    const Descriptor& descriptor = code.descriptor;
    if (Fault fault = cpu_.tables.fetch(selector, Vector::kInvalidTss, code.descriptor))
        return fault;
    const unsigned rpl = selector_rpl(selector);
    const bool level = descriptor.conforming() ? descriptor.dpl() <= rpl : descriptor.dpl() == rpl;
    if (!descriptor.code() || !level) return invalid_tss(selector);
    if (!descriptor.present()) return not_present(selector);
    if (Fault fault = cpu_.set_accessed(code)) return fault;
    cpu_.state.segment(SegmentName::kCs) = code.loaded();
    return {};
}

Fault TaskSwitch::load_stack(u16 selector) {
    if (selector_null(selector)) return invalid_tss(selector);
    CheckedSegment stack{selector, {}};
    const Descriptor& descriptor = stack.descriptor;
    if (Fault fault = cpu_.tables.fetch(selector, Vector::kInvalidTss, stack.descriptor))
        return fault;
    const unsigned level = selector_rpl(cpu_.state.segment(SegmentName::kCs).selector);
    if (!descriptor.writable_data()) return invalid_tss(selector);
    if (!descriptor.present()) return Fault::stack(selector_error(selector));
    if (descriptor.dpl() != level || selector_rpl(selector) != level) return invalid_tss(selector);
    if (Fault fault = cpu_.set_accessed(stack)) return fault;
    cpu_.state.segment(SegmentName::kSs) = stack.loaded();
    return {};
}

Fault TaskSwitch::load_data(SegmentName name, u16 selector) {
    if (selector_null(selector)) return {};
    CheckedSegment data{selector, {}};
    const Descriptor& descriptor = data.descriptor;
    if (Fault fault = cpu_.tables.fetch(selector, Vector::kInvalidTss, data.descriptor))
        return fault;
    const unsigned level = std::max<unsigned>(cpu_.state.cpl, selector_rpl(selector));
    if (!descriptor.readable()) return invalid_tss(selector);
    if (!descriptor.present()) return not_present(selector);
    if (!descriptor.conforming() && descriptor.dpl() < level) return invalid_tss(selector);
    if (Fault fault = cpu_.set_accessed(data)) return fault;
    cpu_.state.segment(name) = data.loaded();
    return {};
}

Fault check_entry_point(const Processor& cpu) {
    if (cpu.state.eip() > cpu.state.segment(SegmentName::kCs).limit)
        return Fault::general_protection();
    return {};
}

Fault settle(Processor& cpu, Fault fault) {
    if (!fault || !cpu.task_switched) return fault;
    cpu.engine.deliver(fault);
    return {};
}

}  // namespace seventeen::privilege
