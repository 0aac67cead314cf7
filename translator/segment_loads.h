// SegmentLoads: what loading segment registers has found, so that translated code can repeat it.
//
// What a load leaves is a function of selector, CPL and descriptor. Where all three are those of an
// earlier load, and reading the descriptor can't fault, the stub (stubs.cpp) copies what that load
// left; else the interpreter runs the instruction, and its result is learnt. The descriptor is read
// from memory each time, so whoever changes it need not be watched.
#pragma once

#include <array>

#include "core/cpu_state.h"
#include "core/types.h"
#include "mmu/mmu.h"

namespace seventeen::translator {

// One that succeeded, of any register but CS and SS, from the GDT or of a null selector.
struct alignas(128) SegmentLoad {
    static constexpr u32 kNone = ~u32{0};
    static constexpr unsigned kLevelShift = 16;

    u32 key = kNone;    // selector, and CPL from kLevelShift on
    u16 last_byte = 0;  // of its descriptor, within the table
    bool null = false;  // no descriptor was read
    bool flat = false;
    u64 table = 0;       // GDTR's base
    u64 place = 0;       // linear address of the descriptor …
    u64 descriptor = 0;  // … and its bytes, accessed bit set
    SegmentRegister segment;
};

inline constexpr unsigned kSegmentLoads = 64;
// By the selector's index, modulo their number.
using SegmentLoads = std::array<SegmentLoad, kSegmentLoads>;

// The register has just been loaded.
void learn_segment(SegmentLoads& loads, const CpuState& state, mmu::Mmu& mmu, SegmentName name);

}  // namespace seventeen::translator
