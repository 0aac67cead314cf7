// IRET in all its forms (SDM 2A IRET/IRETD; 3A 6.12, 6.7.1, 20.2.2, 20.3.3).
#include "privilege/far_return.h"
#include "privilege/privilege_engine.h"
#include "privilege/processor.h"
#include "privilege/segment_state.h"
#include "privilege/stack_frame.h"
#include "privilege/task_switch.h"

namespace seventeen::privilege {

namespace {

// What IRET may change whatever the mode.
constexpr u32 kCommonFlags = kFlagsArithmetic | kFlagTf | kFlagDf | kFlagNt;
constexpr u32 kCommonFlags32 = kFlagRf | kFlagAc | kFlagId;

class InterruptReturn {
  public:
    InterruptReturn(Processor& cpu, unsigned operand_size)
        : cpu_(cpu), stack_(cpu, operand_size), operand_size_(operand_size) {}

    Fault run();

  private:
    Fault within_real_mode();
    Fault within_v86_mode();
    Fault to_previous_task();
    Fault within_protected_mode();
    Fault to_same_level(CheckedSegment& code);
    Fault to_outer_level(CheckedSegment& code);
    Fault to_v86_mode();

    Fault pop_frame();
    Fault enter_paragraph(u32 changeable);
    void change_flags(u32 mask);
    u32 common_flags() const { return kCommonFlags | (operand_size_ == 4 ? kCommonFlags32 : 0); }
    // Protected mode: by CPL and IOPL as they are before the return.
    u32 changeable_flags() const;

    Processor& cpu_;
    StackReader stack_;
    unsigned operand_size_;
    u32 offset_ = 0;
    u32 selector_ = 0;
    u32 flags_ = 0;
};

Fault InterruptReturn::run() {
    const CpuState& state = cpu_.state;
    if (!state.protected_mode()) return within_real_mode();
    if (state.v86()) return within_v86_mode();
    return state.flag(kFlagNt) ? to_previous_task() : within_protected_mode();
}

Fault InterruptReturn::pop_frame() {
    return stack_.pop({&offset_, &selector_, &flags_});
}

void InterruptReturn::change_flags(u32 mask) {
    mask &= cpu_.engine.model().implemented_flags();
    cpu_.state.set_eflags((cpu_.state.eflags() & ~mask) | (flags_ & mask));
}

Fault InterruptReturn::enter_paragraph(u32 changeable) {
    if (offset_ > cpu_.state.segment(SegmentName::kCs).limit) return Fault::general_protection();
    cpu_.state.set_reg32(Gpr::kSp, stack_.pointer());
    cpu_.enter_paragraph(static_cast<u16>(selector_), offset_);
    change_flags(changeable);
    return {};
}

Fault InterruptReturn::within_real_mode() {
    if (Fault fault = pop_frame()) return fault;
    return enter_paragraph(common_flags() | kFlagIf | kFlagIopl);
}

// With IOPL 3 IF is the program's own. With less, VME puts VIF in its place, for the 16-bit form
// only, and tells the monitor (#GP) of what it must see; without VME it sees every IRET.
Fault InterruptReturn::within_v86_mode() {
    const CpuState& state = cpu_.state;
    const bool virtual_if = state.iopl() < 3;
    if (virtual_if && (!(state.cr4 & kCr4Vme) || operand_size_ == 4))
        return Fault::general_protection();
    if (Fault fault = pop_frame()) return fault;
    if (!virtual_if) return enter_paragraph(common_flags() | kFlagIf);
    if ((flags_ & kFlagTf) || (state.flag(kFlagVip) && (flags_ & kFlagIf)))
        return Fault::general_protection();
    flags_ |= flags_ & kFlagIf ? kFlagVif : 0;
    return enter_paragraph(common_flags() | kFlagVif);
}

Fault InterruptReturn::to_previous_task() {
    TaskSwitch task_switch(cpu_, TaskSwitch::Cause::kReturn, cpu_.state.eflags());
    if (Fault fault = task_switch.return_to_previous()) return fault;
    return check_entry_point(cpu_);
}

Fault InterruptReturn::within_protected_mode() {
    if (Fault fault = pop_frame()) return fault;
    if (operand_size_ == 4 && (flags_ & kFlagVm) && cpu_.state.cpl == 0) return to_v86_mode();
    CheckedSegment code;
    if (Fault fault = fetch_return_code(cpu_, static_cast<u16>(selector_), code)) return fault;
    const bool outer = selector_rpl(code.selector) > cpu_.state.cpl;
    return outer ? to_outer_level(code) : to_same_level(code);
}

u32 InterruptReturn::changeable_flags() const {
    const CpuState& state = cpu_.state;
    u32 mask = common_flags();
    if (state.cpl <= state.iopl()) mask |= kFlagIf;
    if (state.cpl == 0) mask |= kFlagIopl | (operand_size_ == 4 ? kFlagVif | kFlagVip : 0);
    return mask;
}

Fault InterruptReturn::to_same_level(CheckedSegment& code) {
    if (offset_ > code.descriptor.limit()) return Fault::general_protection();
    if (Fault fault = cpu_.set_accessed(code)) return fault;
    cpu_.state.set_reg32(Gpr::kSp, stack_.pointer());
    change_flags(changeable_flags());
    cpu_.enter(code, offset_, cpu_.state.cpl);
    return {};
}

Fault InterruptReturn::to_outer_level(CheckedSegment& code) {
    u32 pointer = 0;
    u32 selector = 0;
    if (Fault fault = stack_.pop({&pointer, &selector})) return fault;
    CheckedSegment stack;
    if (Fault fault = fetch_return_stack(cpu_, static_cast<u16>(selector),
                                         selector_rpl(code.selector), stack))
        return fault;
    if (offset_ > code.descriptor.limit()) return Fault::general_protection();
    if (Fault fault = cpu_.set_accessed(code)) return fault;
    if (Fault fault = cpu_.set_accessed(stack)) return fault;
    change_flags(changeable_flags());
    enter_outer_level(cpu_, code, offset_, stack, pointer);
    return {};
}

Fault InterruptReturn::to_v86_mode() {
    using enum SegmentName;
    constexpr u32 kV86Limit = 0xffff;
    u32 pointer = 0;
    std::array<u32, kSegmentCount> selectors{};
    const auto at = [&selectors](SegmentName name) {
        return &selectors[static_cast<unsigned>(name)];
    };
    if (Fault fault = stack_.pop({&pointer, at(kSs), at(kEs), at(kDs), at(kFs), at(kGs)}))
        return fault;
    if (offset_ > kV86Limit) return Fault::general_protection();
    *at(kCs) = selector_;
    change_flags(~0u);
    for (unsigned i = 0; i < kSegmentCount; ++i)
        cpu_.state.segments[i] = v86_segment(static_cast<u16>(selectors[i]));
    cpu_.state.set_reg32(Gpr::kSp, pointer);
    cpu_.state.rip = offset_;
    cpu_.engine.set_cpl(3);
    return {};
}

}  // namespace

Fault PrivilegeEngine::interrupt_return(unsigned operand_size) {
    // Even an IRET that faults lets NMIs in again (SDM 3A 6.7.1).
    state_.nmi_blocked = false;
    state_.attention = true;
    Processor cpu(*this, state_, mmu_);
    return settle(cpu, InterruptReturn(cpu, operand_size).run());
}

}  // namespace seventeen::privilege
