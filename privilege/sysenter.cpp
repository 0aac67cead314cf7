// SYSENTER and SYSEXIT: the fast way into and out of CPL 0 (SDM 2B).
#include "privilege/privilege_engine.h"

namespace seventeen::privilege {

namespace {

constexpr u32 kFlatCode = kSegmentPresent | kSegmentNotSystem | kSegmentCode | kSegmentReadable |
                          kSegmentAccessed | kSegmentBig | kSegmentGranular;
constexpr u32 kFlatStack = kSegmentPresent | kSegmentNotSystem | kSegmentWritable |
                           kSegmentAccessed | kSegmentBig | kSegmentGranular;

// Distances of the four selectors from SYSENTER_CS.
constexpr u32 kEnterStack = 8;
constexpr u32 kExitCode = 16;
constexpr u32 kExitStack = 24;

// No descriptor is read: the hidden state is given.
SegmentRegister flat_segment(u64 selector, u32 attributes, unsigned level) {
    SegmentRegister segment;
    segment.selector = static_cast<u16>((selector & ~u64{3}) | level);
    segment.attributes = attributes | level << kSegmentDplShift;
    segment.limit = 0xffff'ffff;
    segment.update();
    return segment;
}

bool null_selector(u64 sysenter_cs) {
    return (sysenter_cs & 0xfffc) == 0;
}

}  // namespace

Fault PrivilegeEngine::sysenter() {
    const MsrState& msr = state_.msr;
    if (!state_.protected_mode() || null_selector(msr.sysenter_cs))
        return Fault::general_protection();
    state_.system_flags &= ~(kFlagVm | kFlagIf | kFlagRf);
    state_.segment(SegmentName::kCs) = flat_segment(msr.sysenter_cs, kFlatCode, 0);
    state_.segment(SegmentName::kSs) = flat_segment(msr.sysenter_cs + kEnterStack, kFlatStack, 0);
    set_cpl(0);
    state_.set_reg32(Gpr::kSp, static_cast<u32>(msr.sysenter_esp));
    state_.rip = static_cast<u32>(msr.sysenter_eip);
    state_.attention = true;
    return {};
}

Fault PrivilegeEngine::sysexit() {
    const u64 base = state_.msr.sysenter_cs;
    if (!state_.protected_mode() || null_selector(base) || state_.cpl != 0)
        return Fault::general_protection();
    state_.segment(SegmentName::kCs) = flat_segment(base + kExitCode, kFlatCode, 3);
    state_.segment(SegmentName::kSs) = flat_segment(base + kExitStack, kFlatStack, 3);
    set_cpl(3);
    state_.set_reg32(Gpr::kSp, state_.reg32(Gpr::kCx));
    state_.rip = state_.reg32(Gpr::kDx);
    state_.attention = true;
    return {};
}

}  // namespace seventeen::privilege
