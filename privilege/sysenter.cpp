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
constexpr SegmentRegister flat(u32 attributes, unsigned level) {
    SegmentRegister segment;
    segment.attributes = attributes | level << kSegmentDplShift;
    segment.limit = 0xffff'ffff;
    segment.update();
    return segment;
}

constexpr SegmentRegister kCode0 = flat(kFlatCode, 0);
constexpr SegmentRegister kStack0 = flat(kFlatStack, 0);
constexpr SegmentRegister kCode3 = flat(kFlatCode, 3);
constexpr SegmentRegister kStack3 = flat(kFlatStack, 3);

void load(SegmentRegister& into, const SegmentRegister& hidden, u64 selector) {
    into = hidden;
    into.selector = static_cast<u16>((selector & ~u64{3}) | hidden.dpl());
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
    load(state_.segment(SegmentName::kCs), kCode0, msr.sysenter_cs);
    load(state_.segment(SegmentName::kSs), kStack0, msr.sysenter_cs + kEnterStack);
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
    load(state_.segment(SegmentName::kCs), kCode3, base + kExitCode);
    load(state_.segment(SegmentName::kSs), kStack3, base + kExitStack);
    set_cpl(3);
    state_.set_reg32(Gpr::kSp, state_.reg32(Gpr::kCx));
    state_.rip = state_.reg32(Gpr::kDx);
    state_.attention = true;
    return {};
}

}  // namespace seventeen::privilege
