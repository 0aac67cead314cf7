// Far JMP and CALL with a pointer to code, a gate or a TSS (SDM 2A CALL, JMP; 3A 5.8).
#include <algorithm>

#include "privilege/call_gate.h"
#include "privilege/privilege_engine.h"
#include "privilege/processor.h"
#include "privilege/stack_frame.h"
#include "privilege/task_switch.h"

namespace seventeen::privilege {

namespace {

enum class Transfer : u8 { kJump, kCall };

class FarTransfer {
  public:
    FarTransfer(Processor& cpu, Transfer transfer, u16 selector, u32 offset, unsigned operand_size)
        : cpu_(cpu),
          transfer_(transfer),
          selector_(selector),
          offset_(operand_size == 2 ? offset & 0xffff : offset),
          operand_size_(operand_size) {}

    Fault run();

  private:
    Fault to_paragraph();
    Fault to_code(const Descriptor& descriptor);
    Fault to_system(const Descriptor& descriptor);
    // A CALL's return address; limits are checked before the new EIP is, as the SDM orders.
    Fault check_room(const StackFrame& frame) const;
    Fault push_return_address(StackFrame& frame);

    bool calls() const { return transfer_ == Transfer::kCall; }
    u32 error_code() const { return selector_error(selector_); }

    Processor& cpu_;
    Transfer transfer_;
    u16 selector_;
    u32 offset_;
    unsigned operand_size_;
};

Fault FarTransfer::run() {
    if (cpu_.state.real_or_v86()) return to_paragraph();
    if (selector_null(selector_)) return Fault::general_protection();
    Descriptor descriptor;
    if (Fault fault = cpu_.tables.fetch(selector_, Vector::kGeneralProtection, descriptor))
        return fault;
    return descriptor.system() ? to_system(descriptor) : to_code(descriptor);
}

Fault FarTransfer::check_room(const StackFrame& frame) const {
    return calls() && !frame.has_room(2) ? Fault::stack() : Fault{};
}

Fault FarTransfer::push_return_address(StackFrame& frame) {
    if (!calls()) return {};
    frame.push(cpu_.state.segment(SegmentName::kCs).selector);
    frame.push(cpu_.state.eip());
    if (Fault fault = frame.write(cpu_)) return fault;
    cpu_.state.set_reg32(Gpr::kSp, frame.pointer());
    return {};
}

Fault FarTransfer::to_paragraph() {
    StackFrame frame(cpu_, operand_size_);
    if (Fault fault = check_room(frame)) return fault;
    if (offset_ > cpu_.state.segment(SegmentName::kCs).limit) return Fault::general_protection();
    if (Fault fault = push_return_address(frame)) return fault;
    cpu_.enter_paragraph(selector_, offset_);
    return {};
}

Fault FarTransfer::to_code(const Descriptor& descriptor) {
    const unsigned cpl = cpu_.state.cpl;
    const bool reachable = descriptor.conforming()
                               ? descriptor.dpl() <= cpl
                               : descriptor.dpl() == cpl && selector_rpl(selector_) <= cpl;
    if (!descriptor.code() || !reachable) return Fault::general_protection(error_code());
    if (!descriptor.present()) return Fault::with_code(Vector::kSegmentNotPresent, error_code());
    StackFrame frame(cpu_, operand_size_);
    if (Fault fault = check_room(frame)) return fault;
    if (offset_ > descriptor.limit()) return Fault::general_protection();
    CheckedSegment code{selector_, descriptor};
    if (Fault fault = cpu_.set_accessed(code)) return fault;
    if (Fault fault = push_return_address(frame)) return fault;
    cpu_.enter(code, offset_, cpl);
    return {};
}

Fault FarTransfer::to_system(const Descriptor& descriptor) {
    using enum TaskSwitch::Cause;
    if (descriptor.call_gate()) {
        CallGate gate(cpu_, selector_, descriptor);
        return calls() ? gate.call() : gate.jump();
    }
    const bool task_gate = descriptor.is(SystemType::kTaskGate);
    if (!task_gate && !descriptor.available_tss()) return Fault::general_protection(error_code());
    if (descriptor.dpl() < std::max<unsigned>(cpu_.state.cpl, selector_rpl(selector_)))
        return Fault::general_protection(error_code());
    if (task_gate && !descriptor.present())
        return Fault::with_code(Vector::kSegmentNotPresent, error_code());
    TaskSwitch task_switch(cpu_, calls() ? kCall : kJump, cpu_.state.eflags());
    const u16 tss = task_gate ? descriptor.gate_selector() : selector_;
    if (Fault fault = task_switch.enter(tss)) return fault;
    return check_entry_point(cpu_);
}

}  // namespace

Fault PrivilegeEngine::far_jump(u16 selector, u32 offset, unsigned operand_size) {
    Processor cpu(*this, state_, mmu_);
    return settle(cpu, FarTransfer(cpu, Transfer::kJump, selector, offset, operand_size).run());
}

Fault PrivilegeEngine::far_call(u16 selector, u32 offset, unsigned operand_size) {
    Processor cpu(*this, state_, mmu_);
    return settle(cpu, FarTransfer(cpu, Transfer::kCall, selector, offset, operand_size).run());
}

}  // namespace seventeen::privilege
