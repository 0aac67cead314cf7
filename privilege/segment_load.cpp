// Loads segment registers, LDTR and TR with the checks of protected mode (SDM 2A/2B MOV, POP, LDS,
// LLDT, LTR; 3A 5.6, 5.7).
#include <algorithm>

#include "privilege/privilege_engine.h"
#include "privilege/processor.h"
#include "privilege/segment_state.h"

namespace seventeen::privilege {

namespace {

Fault check_stack_segment(const CheckedSegment& segment, unsigned cpl) {
    const Descriptor& descriptor = segment.descriptor;
    const u32 code = selector_error(segment.selector);
    if (selector_rpl(segment.selector) != cpl || !descriptor.writable_data() ||
        descriptor.dpl() != cpl)
        return Fault::general_protection(code);
    if (!descriptor.present()) return Fault::stack(code);
    return {};
}

Fault check_data_segment(const CheckedSegment& segment, unsigned cpl) {
    const Descriptor& descriptor = segment.descriptor;
    const u32 code = selector_error(segment.selector);
    if (!descriptor.readable()) return Fault::general_protection(code);
    if (!descriptor.conforming() &&
        descriptor.dpl() < std::max(cpl, selector_rpl(segment.selector)))
        return Fault::general_protection(code);
    if (!descriptor.present()) return Fault::with_code(Vector::kSegmentNotPresent, code);
    return {};
}

}  // namespace

Fault PrivilegeEngine::load_segment(SegmentName name, u16 selector) {
    if (state_.real_or_v86()) {
        load_real_segment(name, selector);
        return {};
    }
    const bool stack = name == SegmentName::kSs;
    if (selector_null(selector)) {
        if (stack) return Fault::general_protection();
        state_.segment(name) = null_segment(selector);
        state_.attention = true;
        return {};
    }
    Processor cpu(*this, state_, mmu_);
    CheckedSegment segment{selector, {}};
    if (Fault fault = cpu.tables.fetch(selector, Vector::kGeneralProtection, segment.descriptor))
        return fault;
    if (Fault fault = stack ? check_stack_segment(segment, state_.cpl)
                            : check_data_segment(segment, state_.cpl))
        return fault;
    if (Fault fault = cpu.set_accessed(segment)) return fault;
    state_.segment(name) = segment.loaded();
    state_.attention = true;
    return {};
}

Fault PrivilegeEngine::load_ldtr(u16 selector) {
    if (Fault fault = require_protected_mode()) return fault;
    if (Fault fault = require_supervisor()) return fault;
    if (selector_null(selector)) {
        state_.ldtr = null_segment(selector);
        return {};
    }
    Descriptor descriptor;
    if (Fault fault = DescriptorTables(state_, mmu_)
                          .fetch_global(selector, Vector::kGeneralProtection, descriptor))
        return fault;
    if (!descriptor.is(SystemType::kLdt))
        return Fault::general_protection(selector_error(selector));
    if (!descriptor.present())
        return Fault::with_code(Vector::kSegmentNotPresent, selector_error(selector));
    state_.ldtr = descriptor.segment(selector);
    return {};
}

Fault PrivilegeEngine::load_task_register(u16 selector) {
    if (Fault fault = require_protected_mode()) return fault;
    if (Fault fault = require_supervisor()) return fault;
    if (selector_null(selector)) return Fault::general_protection();
    DescriptorTables tables(state_, mmu_);
    Descriptor descriptor;
    if (Fault fault = tables.fetch_global(selector, Vector::kGeneralProtection, descriptor))
        return fault;
    if (!descriptor.available_tss()) return Fault::general_protection(selector_error(selector));
    if (!descriptor.present())
        return Fault::with_code(Vector::kSegmentNotPresent, selector_error(selector));
    if (Fault fault = tables.set_busy(selector)) return fault;
    state_.tr = descriptor.segment(selector);
    state_.tr.attributes |= kSystemTypeBusy;
    return {};
}

}  // namespace seventeen::privilege
