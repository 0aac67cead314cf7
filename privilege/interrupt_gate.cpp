// Enters interrupt handlers: real mode, interrupt and trap gates, task gates.
#include "privilege/interrupt_gate.h"

#include "privilege/inner_stack.h"
#include "privilege/segment_state.h"
#include "privilege/task_switch.h"

namespace seventeen::privilege {

namespace {

constexpr unsigned kVectorSize = 4;  // of an entry in the real-mode vector table

bool gate_for_interrupts(const Descriptor& gate) {
    using enum SystemType;
    return gate.is(kTaskGate) || gate.is(kInterruptGate16) || gate.is(kInterruptGate32) ||
           gate.is(kTrapGate16) || gate.is(kTrapGate32);
}

}  // namespace

Fault InterruptGate::enter() {
    Fault fault = cpu_.state.protected_mode() ? enter_protected_mode() : enter_real_mode();
    if (fault) {
        // SDM 3A 6.13; a page fault's error code has a format of its own.
        if (event_.origin == InterruptEvent::Origin::kExternal && fault.has_error_code &&
            fault.vector != Vector::kPageFault)
            fault.error_code |= kErrorExternal;
        return fault;
    }
    cpu_.state.interrupt_shadow = false;
    cpu_.state.debug_shadow = false;
    cpu_.state.attention = true;
    return {};
}

Fault InterruptGate::enter_real_mode() {
    CpuState& state = cpu_.state;
    const unsigned entry = event_.vector * kVectorSize;
    if (entry + kVectorSize - 1 > state.idtr.limit) return Fault::general_protection();
    StackFrame frame(cpu_, sizeof(u16));
    if (!frame.has_room(3)) return Fault::stack();
    u32 pointer = 0;  // selector:offset
    if (Fault fault = cpu_.mmu.read({static_cast<u32>(state.idtr.base + entry)},
                                    mmu::Privilege::kSupervisor, pointer))
        return fault;
    const u32 offset = pointer & 0xffff;
    if (offset > state.segment(SegmentName::kCs).limit) return Fault::general_protection();
    push_return(frame);
    if (Fault fault = frame.write(cpu_)) return fault;
    state.set_reg32(Gpr::kSp, frame.pointer());
    state.system_flags &= ~(kFlagIf | kFlagTf | kFlagAc | kFlagRf);
    cpu_.enter_paragraph(static_cast<u16>(pointer >> 16), offset);
    return {};
}

Fault InterruptGate::enter_protected_mode() {
    if (Fault fault = cpu_.tables.fetch_gate(event_.vector, gate_)) return fault;
    const u32 code = event_.vector * kDescriptorSize | kErrorIdt;
    if (!gate_for_interrupts(gate_)) return Fault::general_protection(code);
    if (event_.origin == InterruptEvent::Origin::kProgram && gate_.dpl() < cpu_.state.cpl)
        return Fault::general_protection(code);
    if (!gate_.present()) return Fault::with_code(Vector::kSegmentNotPresent, code);
    if (gate_.is(SystemType::kTaskGate)) return enter_task(gate_.gate_selector());

    if (Fault fault = fetch_handler()) return fault;
    const Descriptor& descriptor = code_.descriptor;
    const bool inner = !descriptor.conforming() && descriptor.dpl() < cpu_.state.cpl;
    return inner ? enter_inner_level() : enter_same_level();
}

Fault InterruptGate::enter_task(u16 tss) {
    TaskSwitch task_switch(cpu_, TaskSwitch::Cause::kInterrupt, event_.flags);
    if (Fault fault = task_switch.enter(tss)) return fault;
    if (event_.has_error_code)
        if (Fault fault = push_error_code()) return fault;
    return privilege::check_entry_point(cpu_);
}

// On the new task's stack, in the size of its TSS.
Fault InterruptGate::push_error_code() {
    const bool tss32 = cpu_.state.tr.attributes & kSystemType32;
    if (tss32) return cpu_.memory.push(event_.error_code);
    return cpu_.memory.push(static_cast<u16>(event_.error_code));
}

Fault InterruptGate::fetch_handler() {
    code_.selector = gate_.gate_selector();
    if (selector_null(code_.selector)) return Fault::general_protection();
    if (Fault fault =
            cpu_.tables.fetch(code_.selector, Vector::kGeneralProtection, code_.descriptor))
        return fault;
    const Descriptor& descriptor = code_.descriptor;
    const u32 code = selector_error(code_.selector);
    if (!descriptor.code() || descriptor.dpl() > cpu_.state.cpl)
        return Fault::general_protection(code);
    if (!descriptor.present()) return Fault::with_code(Vector::kSegmentNotPresent, code);
    // V86 mode is left for level 0 only.
    if (cpu_.state.v86() && (descriptor.conforming() || descriptor.dpl() != 0))
        return Fault::general_protection(code);
    return {};
}

Fault InterruptGate::check_entry_point() const {
    return gate_.gate_offset() > code_.descriptor.limit() ? Fault::general_protection() : Fault{};
}

void InterruptGate::push_return(StackFrame& frame) const {
    frame.push(event_.flags);
    frame.push(cpu_.state.segment(SegmentName::kCs).selector);
    frame.push(cpu_.state.eip());
}

void InterruptGate::mask_flags() {
    const bool interrupt_gate =
        gate_.is(SystemType::kInterruptGate16) || gate_.is(SystemType::kInterruptGate32);
    cpu_.state.system_flags &=
        ~(kFlagTf | kFlagNt | kFlagRf | kFlagVm | (interrupt_gate ? kFlagIf : 0));
}

Fault InterruptGate::enter_same_level() {
    StackFrame frame(cpu_, item_size());
    if (!frame.has_room(3 + error_items())) return Fault::stack();
    if (Fault fault = check_entry_point()) return fault;
    if (Fault fault = cpu_.set_accessed(code_)) return fault;
    push_return(frame);
    if (event_.has_error_code) frame.push(event_.error_code);
    if (Fault fault = frame.write(cpu_)) return fault;
    cpu_.state.set_reg32(Gpr::kSp, frame.pointer());
    mask_flags();
    cpu_.enter(code_, gate_.gate_offset(), cpu_.state.cpl);
    return {};
}

Fault InterruptGate::enter_inner_level() {
    CpuState& state = cpu_.state;
    const bool from_v86 = state.v86();
    const unsigned level = code_.descriptor.dpl();
    // The order in which the data segments of V86 mode are pushed.
    constexpr SegmentName kPushed[] = {SegmentName::kGs, SegmentName::kFs, SegmentName::kDs,
                                       SegmentName::kEs};
    InnerStack stack;
    if (Fault fault = find_inner_stack(cpu_, level, stack)) return fault;
    StackFrame frame(stack.segment.loaded(), stack.pointer, item_size(),
                     mmu::Privilege::kSupervisor);
    if (!frame.has_room((from_v86 ? 9 : 5) + error_items()))
        return Fault::stack(stack.error_code());
    if (Fault fault = check_entry_point()) return fault;
    if (Fault fault = cpu_.set_accessed(code_)) return fault;
    if (Fault fault = cpu_.set_accessed(stack.segment)) return fault;

    if (from_v86)
        for (SegmentName name : kPushed) frame.push(state.segment(name).selector);
    frame.push(state.segment(SegmentName::kSs).selector);
    frame.push(state.reg32(Gpr::kSp));
    push_return(frame);
    if (event_.has_error_code) frame.push(event_.error_code);
    if (Fault fault = frame.write(cpu_)) return fault;

    if (from_v86)
        for (SegmentName name : kPushed) state.segment(name) = null_segment(0);
    state.segment(SegmentName::kSs) = stack.segment.loaded();
    state.set_reg32(Gpr::kSp, frame.pointer());
    mask_flags();
    cpu_.enter(code_, gate_.gate_offset(), level);
    return {};
}

}  // namespace seventeen::privilege
