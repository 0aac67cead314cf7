// Context: what translated code works on besides CpuState, and the ABI of translated code.
//
// While translated code runs:
//   eax ecx edx ebx ebp esi edi   the guest's, upper halves zero
//   r12                           the guest's ESP (stack_pointer.h), upper half zero
//   r13                           the Countdown: its base plus the instructions left, less slack
//   r14                           CpuState*
//   r15                           Context*, which lies right before the code cache
//   r8 r9 r10                     scratch; r8d is the target at an indirect exit
//   r11                           scratch, or the guest's arithmetic flags in saved form
//   rsp                           the PairStack
// The guest's arithmetic flags are in the host's EFLAGS at a block's entry and exits. Between, the
// emitter knows for each instruction whether they are there or *saved* in r11: AH of LAHF in bits
// 15..8 and SETO in bit 0, so that ADD AL, 7Fh; SAHF brings them back. DF is clear. IF, DF and the
// other flags are in CpuState. FPU, MMX and SSE registers: fpu_image.h.
//
// A callout is `mov r10, Site*; jmp [r15 + callout_…]`: all state goes to CpuState, handle() is
// called, and what it returns is where to go on (null: back to the caller of enter()).
#pragma once

#include <array>
#include <cstddef>

#include "core/cpu_state.h"
#include "core/types.h"
#include "mmu/table_watch.h"
#include "translator/countdown.h"
#include "translator/crossing_stubs.h"
#include "translator/fpu_image.h"
#include "translator/segment_loads.h"
#include "translator/x87_note.h"

namespace seventeen::translator {

struct Site;

// One slot of an indirect-branch table.
struct JumpSlot {
    static constexpr u64 kEmpty = ~u64{0};
    u64 eip = kEmpty;  // no 32-bit address equals kEmpty
    const u8* code = nullptr;
};

inline constexpr unsigned kJumpSlots = 4096;
// Soft form: indexed by jump_slot_of() the target address (jump_tables.h).
using JumpTable = std::array<JumpSlot, kJumpSlots>;
inline constexpr u32 jump_slot_of(u32 eip) {
    return (eip ^ eip >> kPageShift) % kJumpSlots;
}

// r15 is so much more than the Context's address: in its low six bits SHRX finds how far to shift.
inline constexpr s32 kContextBias = Countdown::kShift;

struct Context {
    using Handle = const u8* (*)(Context& context, Site& site);

    CpuState* state = nullptr;
    std::array<const void*, 2> tlb{};  // by mmu::Privilege
    u64 host_stack = 0;                // rsp inside enter(), 16-byte aligned
    u64 pairs = 0;                     // rsp in translated code …
    u64 pairs_top = 0;                 // … and where its PairStack has none
    u64 countdown = 0;                 // r13
    u64 countdown_start = 0;           // of the Countdown
    u64 horizon = 0;                   // CpuState::retired is this less r13
    // The time-stamp counter is a line over CpuState::retired while its step is not zero.
    u64 time_stamp_step = 0;
    u64 time_stamp_start = 0;
    u64 window = 0;               // base of the one in gs:
    u32 flags = 0;                // in saved form
    u32 indirect = 0;             // r8d at a callout
    u32 scratch = 0;              // within one instruction …
    std::array<u32, 3> string{};  // … and what a string instruction began with …
    u64 host_address = 0;         // … or reads from
    u32 fpu_live = 0;             // fpu_image.h
    u32 host_mxcsr = 0;
    X87Note x87_note;  // of the last block left that had any
    u32 x87_data = 0;  // FDP
    FpuImage fpu;
    const void* jump_table = nullptr;  // JumpTable or a jump map: of the Mode and the address space
    Site* unknown_target = nullptr;    // where a jump map leads that knows no better
    const u8* look_up = nullptr;       // one of the stubs that go to r8d by jump_table
    u64 unpaired = 0;                  // returns that found no pair
    SegmentLoads segment_loads;
    const u8* ram = nullptr;                                     // the guest's
    const mmu::TableWatch::Table* const* page_tables = nullptr;  // by page of RAM
    u64 table_writes = 0;                                        // that called nobody
    Crossings crossings;
    u64 crossed = 0;  // how often a stub did
    // Where what the current space earns is added up, and CpuState::retired when that was last done
    // (Translator::earn).
    u64* credit = &no_credit;
    u64 no_credit = 0;
    u64 earned = 0;
    const u8* load_segment = nullptr;  // subroutines: Stubs
    CrossingStubs cross{};
    const u8* write_table = nullptr;
    const u8* mispaired = nullptr;
    const u8* callout_host = nullptr;   // flags in EFLAGS
    const u8* callout_saved = nullptr;  // flags in r11
    Handle handle = nullptr;
    void* owner = nullptr;
};
static_assert(alignof(Context) % 64 == 0);  // kContextBias alone decides about r15's low bits

// The code cache begins so far behind r15; offsets in jump maps are relative to that.
inline constexpr s32 kCodeFromR15 = sizeof(Context) - kContextBias;

// Arithmetic flags between EFLAGS bits and saved form.
constexpr u32 flags_to_saved(u32 flags) {
    constexpr u32 kLow = kFlagSf | kFlagZf | kFlagAf | kFlagPf | kFlagCf;
    return (flags & kLow) << 8 | (flags & kFlagOf ? 1 : 0);
}
constexpr u32 flags_from_saved(u32 saved) {
    constexpr u32 kLow = kFlagSf | kFlagZf | kFlagAf | kFlagPf | kFlagCf;
    return (saved >> 8 & kLow) | (saved & 1 ? kFlagOf : 0);
}

}  // namespace seventeen::translator
