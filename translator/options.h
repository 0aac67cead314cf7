// TranslatorOptions: every speed trick is a switch, so that a fault can be bisected to one.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

// Named as `--disable` names them.
enum class Trick : u8 {
    kChaining,        // direct branches are patched to lead to their target's block
    kFarChaining,     // those of supervisors, to other pages, too
    kIndirectTable,   // indirect branches and branches to other pages look their target up inline
    kYoungSoft,       // a new address space runs soft until it has run for a while
    kAdaptive,        // an instruction that keeps faulting in the window gives it up
    kQuietAttention,  // attention that only the CPU itself raised is dealt with at once
    kUnroll,          // a loop that fits into a block several times pays for its exit once
    kExtents,         // a fill shows neighbours of the page, too
    kKernelWindow,    // supervisors with paging read through a window, too
    kKernelWrites,    // and write through it, but for what writes to page after page
    kWindows,         // guest memory is reached through windows held by the host's MMU
    kLooseCode,       // code on pages that keep being written checks itself instead of a guard
    kJoining,         // a block that no branch led to ends where another one begins
    kDenseCount,      // one byte of the countdown stands for many instructions
    kReturnPairs,     // calls and returns are the host's, too, which predicts them
    kFsgsbase,        // windows are chosen by an instruction instead of a system call
    kCrossings,       // INT, IRET, SYSENTER and SYSEXIT repeat what they did before
    kTableWrites,     // kernels write to unused slots of page tables without calling out
    kEspFold,         // pushes and pops within a block move ESP together
    kThunks,          // calls by which programs learn their own address are inline
    kCount,
};

class TrickSet {
  public:
    constexpr bool has(Trick trick) const { return bits_ >> static_cast<unsigned>(trick) & 1; }
    constexpr void set(Trick trick) { bits_ |= 1u << static_cast<unsigned>(trick); }

  private:
    u32 bits_ = 0;
};

struct TranslatorOptions {
    TrickSet disabled;
    u64 code_cache_bytes = u64{64} << 20;  // of host code; all is dropped when it is full
    // Instructions in a block, 1 to 64. The interpreter runs the last few before a target, as many
    // as a block can hold: with 1 everything is translated, and a difference is pinned to one.
    unsigned longest_block = 64;
    u64 window_mappings = 40'000;  // the host's limit is usually 65,530 for the whole process
    // A user's address space is soft until it has run so many, and again after too many faults.
    u64 young_instructions = 1'500'000;
};

}  // namespace seventeen::translator
