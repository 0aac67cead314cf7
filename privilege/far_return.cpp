// Far returns: RETF in real, V86 and protected mode, to the same or an outer level (SDM 2B RET).
#include "privilege/far_return.h"

#include "privilege/segment_state.h"
#include "privilege/stack_frame.h"

namespace seventeen::privilege {

namespace {

void drop_inner_data_segments(CpuState& state) {
    for (SegmentName name :
         {SegmentName::kEs, SegmentName::kFs, SegmentName::kGs, SegmentName::kDs}) {
        SegmentRegister& segment = state.segment(name);
        constexpr u32 kConformingCode = kSegmentCode | kSegmentConforming;
        const bool conforming = (segment.attributes & kConformingCode) == kConformingCode;
        if (segment.usable() && !conforming && segment.dpl() < state.cpl) segment = null_segment(0);
    }
}

Fault return_to_paragraph(Processor& cpu, StackReader& stack, u16 release) {
    u32 offset = 0;
    u32 selector = 0;
    if (Fault fault = stack.pop({&offset, &selector})) return fault;
    if (offset > cpu.state.segment(SegmentName::kCs).limit) return Fault::general_protection();
    stack.skip(release);
    cpu.state.set_reg32(Gpr::kSp, stack.pointer());
    cpu.enter_paragraph(static_cast<u16>(selector), offset);
    return {};
}

Fault return_to_outer_level(Processor& cpu, StackReader& reader, u16 release, CheckedSegment& code,
                            u32 offset) {
    reader.skip(release);
    u32 pointer = 0;
    u32 selector = 0;
    if (Fault fault = reader.pop({&pointer, &selector})) return fault;
    CheckedSegment stack;
    const unsigned level = selector_rpl(code.selector);
    if (Fault fault = fetch_return_stack(cpu, static_cast<u16>(selector), level, stack))
        return fault;
    if (offset > code.descriptor.limit()) return Fault::general_protection();
    if (Fault fault = cpu.set_accessed(code)) return fault;
    if (Fault fault = cpu.set_accessed(stack)) return fault;
    enter_outer_level(cpu, code, offset, stack, pointer + release);
    return {};
}

}  // namespace

Fault fetch_return_code(Processor& cpu, u16 selector, CheckedSegment& code) {
    if (selector_null(selector)) return Fault::general_protection();
    code.selector = selector;
    const Descriptor& descriptor = code.descriptor;
    if (Fault fault = cpu.tables.fetch(selector, Vector::kGeneralProtection, code.descriptor))
        return fault;
    const unsigned rpl = selector_rpl(selector);
    const bool reachable =
        descriptor.conforming() ? descriptor.dpl() <= rpl : descriptor.dpl() == rpl;
    if (!descriptor.code() || rpl < cpu.state.cpl || !reachable)
        return Fault::general_protection(selector_error(selector));
    if (!descriptor.present())
        return Fault::with_code(Vector::kSegmentNotPresent, selector_error(selector));
    return {};
}

Fault fetch_return_stack(Processor& cpu, u16 selector, unsigned level, CheckedSegment& stack) {
    if (selector_null(selector)) return Fault::general_protection();
    stack.selector = selector;
    const Descriptor& descriptor = stack.descriptor;
    if (Fault fault = cpu.tables.fetch(selector, Vector::kGeneralProtection, stack.descriptor))
        return fault;
    if (selector_rpl(selector) != level || !descriptor.writable_data() || descriptor.dpl() != level)
        return Fault::general_protection(selector_error(selector));
    if (!descriptor.present()) return Fault::stack(selector_error(selector));
    return {};
}

void enter_outer_level(Processor& cpu, const CheckedSegment& code, u32 offset,
                       const CheckedSegment& stack, u32 pointer) {
    cpu.state.segment(SegmentName::kSs) = stack.loaded();
    // A 16-bit stack takes SP only and leaves the inner level's upper half of ESP behind.
    cpu.memory.set_stack_pointer(pointer);
    cpu.enter(code, offset, selector_rpl(code.selector));
    drop_inner_data_segments(cpu.state);
}

Fault PrivilegeEngine::far_return(unsigned operand_size, u16 release) {
    Processor cpu(*this, state_, mmu_);
    StackReader stack(cpu, operand_size);
    if (state_.real_or_v86()) return return_to_paragraph(cpu, stack, release);
    u32 offset = 0;
    u32 selector = 0;
    if (Fault fault = stack.pop({&offset, &selector})) return fault;
    CheckedSegment code;
    if (Fault fault = fetch_return_code(cpu, static_cast<u16>(selector), code)) return fault;
    if (selector_rpl(code.selector) > state_.cpl)
        return return_to_outer_level(cpu, stack, release, code, offset);
    if (offset > code.descriptor.limit()) return Fault::general_protection();
    if (Fault fault = cpu.set_accessed(code)) return fault;
    stack.skip(release);
    state_.set_reg32(Gpr::kSp, stack.pointer());
    cpu.enter(code, offset, state_.cpl);
    return {};
}

}  // namespace seventeen::privilege
