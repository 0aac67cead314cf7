// The state after RESET.
#include "core/cpu_state.h"

namespace seventeen {

namespace {

constexpr u16 kResetCodeSelector = 0xf000;
constexpr u64 kResetCodeBase = 0xffff0000;
constexpr u64 kResetEip = 0xfff0;

SegmentRegister real_mode_segment(u16 selector, u64 base, u32 type) {
    SegmentRegister segment;
    segment.selector = selector;
    segment.base = base;
    segment.limit = 0xffff;
    segment.attributes = type | kSegmentPresent;
    segment.update();
    return segment;
}

}  // namespace

CpuState reset_state() {
    constexpr u32 kData = kSegmentNotSystem | kSegmentWritable | kSegmentAccessed;
    constexpr u32 kSystemLdt = 2;
    constexpr u32 kSystemBusyTss32 = 11;
    CpuState state;
    state.rip = kResetEip;
    for (SegmentRegister& segment : state.segments) segment = real_mode_segment(0, 0, kData);
    // Real mode may read and write through CS, whatever its type says: see privilege/.
    state.segment(SegmentName::kCs) = real_mode_segment(kResetCodeSelector, kResetCodeBase, kData);
    state.ldtr = real_mode_segment(0, 0, kSystemLdt);
    state.tr = real_mode_segment(0, 0, kSystemBusyTss32);
    state.cr0 = kCr0Cd | kCr0Nw | kCr0Et;
    return state;
}

}  // namespace seventeen
