// Crossings: what going from one privilege level to another has found, so that translated code can
// repeat it.
//
// What INT n, IRET, SYSENTER and SYSEXIT do between a program (CPL 3) and its kernel (CPL 0) is a
// function of a few registers and of three or four words in memory: gate, descriptors, the TSS's
// stack. Where all of them are those of an earlier crossing, and no access can fault, the stub
// (crossing_stubs.h) moves EIP, ESP and the flags, copies what that crossing left in CS and SS and
// goes on in the Mode and address space that it led to; else the interpreter runs the instruction,
// and its result is learnt. The words are read each time, so whoever changes them need not be
// watched. Flat 32-bit segments only, and no flag but IF may change.
//
// The place a crossing leads to (jump table, window) is the Translator's, which forgets all of them
// when one may have become wrong, and finds out at the next callout that a level was crossed.
#pragma once

#include <array>
#include <optional>

#include "core/cpu_state.h"
#include "core/types.h"
#include "decoder/mnemonic.h"
#include "mmu/mmu.h"

namespace seventeen::translator {

enum class CrossingKind : u8 { kInterrupt, kReturn, kSysenter, kSysexit, kCount };

inline constexpr bool leads_to_user(CrossingKind kind) {
    return kind == CrossingKind::kReturn || kind == CrossingKind::kSysexit;
}

std::optional<CrossingKind> crossing_of(decoder::Mnemonic mnemonic);

struct alignas(512) Crossing {
    static constexpr u32 kNone = ~u32{0};
    struct Word {
        u64 place = 0;  // linear address
        u64 value = 0;
    };

    u32 key = kNone;  // crossing_key()
    // What must be as it was.
    u32 flags = 0;  // CpuState::system_flags before, but for IF
    u64 cr0 = 0;
    u64 cr4 = 0;
    u64 cr3 = 0;                 // leading to a program …
    std::array<u64, 4> pdpte{};  // … likewise
    u64 sysenter_cs = 0;         // SYSENTER, SYSEXIT
    u64 gdt = 0;                 // base: INT, IRET
    u64 idt = 0;                 // base: INT
    u64 tss = 0;                 // base: INT
    u64 tss_kind = 0;            // attributes and limit: INT
    u16 gdt_last = 0;            // what the limits must reach
    u16 idt_last = 0;
    Word gate;
    Word code_descriptor;
    Word stack_descriptor;
    u64 stack_place = 0;  // of ESP and SS in the TSS
    // What it leads to.
    u32 target = 0;      // EIP: INT
    u32 kept_flags = 0;  // system flags that are not cleared: INT, SYSENTER
    SegmentRegister code;
    SegmentRegister stack;
    const void* jump_table = nullptr;
    const u8* look_up = nullptr;
    u64 window = 0;         // 0: none
    u64* credit = nullptr;  // of the program's space, which earns
    u64 enough = ~u64{0};   // so much credit, and the program's place is another
};

static_assert(sizeof(Crossing) == alignof(Crossing));  // stubs index with a shift

// Each kind has places of its own.
inline constexpr unsigned kCrossingsOfKind = 16;
using Crossings =
    std::array<Crossing, kCrossingsOfKind* static_cast<unsigned>(CrossingKind::kCount)>;

// `immediate`: INT's vector. `mode`: the number of the Mode that is left.
constexpr u32 crossing_key(CrossingKind kind, u32 immediate, u32 mode) {
    const u32 vector = kind == CrossingKind::kInterrupt ? immediate & 0xff : 0;
    return mode << 16 | vector << 8 | static_cast<u32>(kind);
}
// Where in Crossings; for what leads to a program the last bits of CR3's page number are XORed in.
constexpr u32 crossing_place(u32 key) {
    return key % 4 * kCrossingsOfKind + (key >> 8 ^ key >> 16) % kCrossingsOfKind;
}
static_assert(static_cast<unsigned>(CrossingKind::kCount) == 4);

// A crossing has just been made, with these system flags before: everything but its key and the
// place it leads to. False: it cannot be repeated.
bool learn_crossing(Crossing& crossing, CrossingKind kind, u8 vector, u32 flags,
                    const CpuState& state, mmu::Mmu& mmu);

}  // namespace seventeen::translator
