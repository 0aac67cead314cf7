// The hidden state that null selectors, real mode and virtual-8086 mode give a segment register.
#pragma once

#include "core/cpu_state.h"

namespace seventeen::privilege {

// What a null selector leaves: nothing may be reached through it.
SegmentRegister null_segment(u16 selector);

// Real mode changes only selector and base; limit and B/D stay as they were ("unreal mode"; SDM 3A
// 20.1.1 tells of the 8086's fixed limit, which processors since the 386 set up at RESET only). It
// checks no types either, so the type becomes that of writable data, also in CS.
SegmentRegister real_mode_segment(const SegmentRegister& before, u16 selector);
// What the processor's leaving protected mode (CR0.PE cleared) does to a segment not reloaded yet.
void relax_type(SegmentRegister& segment);

// Fixed base, limit and attributes (SDM 3A 20.2.1).
SegmentRegister v86_segment(u16 selector);

// Which of the two, by the mode of the CPU.
SegmentRegister paragraph_segment(const CpuState& state, SegmentName name, u16 selector);

}  // namespace seventeen::privilege
