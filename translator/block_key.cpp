// What of the CPU's state blocks depend on.
#include "translator/block_key.h"

namespace seventeen::translator {

namespace {

// With CR0.NE clear, FERR# rises right behind an unmasked exception: the interpreter sees to that.
u32 fpu_bits(const CpuState& state) {
    constexpr u16 kMasks = 0x3f;
    if (state.cr0 & (kCr0Em | kCr0Ts)) return 0;
    const bool faults = state.cr0 & kCr0Ne;
    if (!faults && (state.fpu.control & kMasks) != kMasks) return 0;
    return Mode::kX87 | (faults ? Mode::kX87Faults : 0u) |
           (state.cr4 & kCr4Osfxsr ? Mode::kSse : 0u);
}

}  // namespace

bool is_flat(const SegmentRegister& segment) {
    return segment.base == 0 && segment.whole;
}

Mode mode_of(const CpuState& state) {
    const SegmentRegister& code = state.segment(SegmentName::kCs);
    Mode mode;
    mode.code_limit = code.limit;
    mode.code_base = static_cast<u32>(code.base);
    if (state.cpl == 3) mode.bits |= Mode::kUser;
    if (state.cpl == 0) mode.bits |= Mode::kKernel;
    if (code.big()) mode.bits |= Mode::kCode32;
    if (state.segment(SegmentName::kSs).big()) mode.bits |= Mode::kStack32;
    if (state.cpl == 3 && state.flag(kFlagAc) && state.cr0 & kCr0Am) mode.bits |= Mode::kAlignment;
    if (state.flag(kFlagDf)) mode.bits |= Mode::kBackwards;
    mode.bits |= fpu_bits(state);
    for (unsigned i = 0; i < kSegmentCount; ++i) {
        if (is_flat(state.segments[i])) mode.bits |= 1u << (Mode::kFlatShift + i);
    }
    return mode;
}

}  // namespace seventeen::translator
