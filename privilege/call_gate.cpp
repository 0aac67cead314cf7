// Passes control through call gates: checks, stack switch and parameter copy (SDM 2A CALL, JMP).
#include "privilege/call_gate.h"

#include <algorithm>
#include <array>

#include "privilege/inner_stack.h"
#include "privilege/stack_frame.h"

namespace seventeen::privilege {

Fault CallGate::fetch_target() {
    const u32 gate_code = selector_error(selector_);
    if (gate_.dpl() < std::max<unsigned>(cpu_.state.cpl, selector_rpl(selector_)))
        return Fault::general_protection(gate_code);
    if (!gate_.present()) return Fault::with_code(Vector::kSegmentNotPresent, gate_code);
    code_.selector = gate_.gate_selector();
    if (selector_null(code_.selector)) return Fault::general_protection();
    return cpu_.tables.fetch(code_.selector, Vector::kGeneralProtection, code_.descriptor);
}

Fault CallGate::check_present() const {
    if (code_.descriptor.present()) return {};
    return Fault::with_code(Vector::kSegmentNotPresent, selector_error(code_.selector));
}

Fault CallGate::jump() {
    if (Fault fault = fetch_target()) return fault;
    const Descriptor& code = code_.descriptor;
    const unsigned cpl = cpu_.state.cpl;
    const bool reachable = code.conforming() ? code.dpl() <= cpl : code.dpl() == cpl;
    if (!code.code() || !reachable)
        return Fault::general_protection(selector_error(code_.selector));
    if (Fault fault = check_present()) return fault;
    if (offset() > code.limit()) return Fault::general_protection();
    if (Fault fault = cpu_.set_accessed(code_)) return fault;
    cpu_.enter(code_, offset(), cpl);
    return {};
}

Fault CallGate::call() {
    if (Fault fault = fetch_target()) return fault;
    const Descriptor& code = code_.descriptor;
    if (!code.code() || code.dpl() > cpu_.state.cpl)
        return Fault::general_protection(selector_error(code_.selector));
    if (Fault fault = check_present()) return fault;
    const bool inner = !code.conforming() && code.dpl() < cpu_.state.cpl;
    return inner ? call_inner_level() : call_same_level();
}

Fault CallGate::call_same_level() {
    StackFrame frame(cpu_, item_size());
    if (!frame.has_room(2)) return Fault::stack();
    if (offset() > code_.descriptor.limit()) return Fault::general_protection();
    if (Fault fault = cpu_.set_accessed(code_)) return fault;
    frame.push(cpu_.state.segment(SegmentName::kCs).selector);
    frame.push(cpu_.state.eip());
    if (Fault fault = frame.write(cpu_)) return fault;
    cpu_.state.set_reg32(Gpr::kSp, frame.pointer());
    cpu_.enter(code_, offset(), cpu_.state.cpl);
    return {};
}

Fault CallGate::call_inner_level() {
    const unsigned level = code_.descriptor.dpl();
    InnerStack stack;
    if (Fault fault = find_inner_stack(cpu_, level, stack)) return fault;
    const unsigned parameter_count = gate_.gate_parameters();
    StackFrame frame(stack.segment.loaded(), stack.pointer, item_size(),
                     mmu::Privilege::kSupervisor);
    if (!frame.has_room(parameter_count + 4)) return Fault::stack(stack.error_code());
    if (offset() > code_.descriptor.limit()) return Fault::general_protection();

    std::array<u32, 31> parameters{};
    StackReader caller(cpu_, item_size());
    for (unsigned i = 0; i < parameter_count; ++i)
        if (Fault fault = caller.pop({&parameters[i]})) return fault;
    if (Fault fault = cpu_.set_accessed(code_)) return fault;
    if (Fault fault = cpu_.set_accessed(stack.segment)) return fault;

    const CpuState& state = cpu_.state;
    frame.push(state.segment(SegmentName::kSs).selector);
    frame.push(state.reg32(Gpr::kSp));
    for (unsigned i = parameter_count; i > 0; --i) frame.push(parameters[i - 1]);
    frame.push(state.segment(SegmentName::kCs).selector);
    frame.push(state.eip());
    if (Fault fault = frame.write(cpu_)) return fault;

    cpu_.state.segment(SegmentName::kSs) = stack.segment.loaded();
    cpu_.state.set_reg32(Gpr::kSp, frame.pointer());
    cpu_.enter(code_, offset(), level);
    return {};
}

}  // namespace seventeen::privilege
