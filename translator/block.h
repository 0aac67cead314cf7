// Block: host code for a straight run of guest code, and the sites from which it calls out.
//
// A block has one entry and many exits: it runs on through branches that are not taken. It lies in
// one physical page, so one page guard covers it and branches within it need no new page walk. But
// an instruction across a page's end is a block of its own. What page follows is not part of its
// key, so it is only entered where that has been checked (Translator::block_here) or where a change
// would be heard of (JumpTables); nothing is linked to it.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/occupation.h"
#include "core/types.h"
#include "interpreter/operation.h"
#include "translator/block_key.h"
#include "translator/x87_note.h"

namespace seventeen::translator {

struct Block;

// A place in a block's code from which it calls out to the Translator. There are many, far apart,
// so a callout finds hardly any of it in the host's caches: hence the order of members.
struct Site {
    enum class Kind : u8 {
        kInstruction,  // the interpreter is to run the instruction; then on to `resume`
        kDirect,       // the block is left for `eip`, the jump at `jump` is to lead there; or the
                       // instruction count has run out on the way
        kIndirect,     // the block is left for the address in Context::indirect
        kFpu,          // the block is left for `eip`, the guest's FPU registers are to be loaded
        kStale,        // the block is left for `eip`, since its source has changed
    };

    static constexpr u16 kNoOperation = 0xffff;

    Kind kind = Kind::kInstruction;
    Occupation occupation = Occupation::kOtherCall;  // kInstruction: while it is interpreted
    u8 faults = 0;                                   // host faults that speak against its window
    bool far : 1 = false;                            // kDirect: to another page
    // kInstruction: what it does:
    bool same_pages : 1 = false;  // it writes to a stack, or a variable
    bool board : 1 = false;       // it reaches ports or model-specific registers
    bool clock : 1 = false;       // it reads the time-stamp counter, or may set it
    bool fallback : 1 = false;    // no rule translated it
    bool segment : 1 = false;     // it loads ES, DS, FS or GS, and nothing else
    bool crossing : 1 = false;    // it changes the privilege level as crossings.h has it
    bool fpu : 1 = false;         // it works on FPU, MMX or SSE registers
    u16 operation = 0;            // kInstruction: which of the block's
    u16 count = 0;                // instructions completed since r13 was brought up to date
    u32 eip = 0;                  // of the instruction, or where the block is left for
    // Offsets into the block's code.
    u32 resume = 0;  // kInstruction: of the next instruction; 0: none follows in the block
    u32 jump = 0;    // kDirect: of the displacement (four bytes) to be patched
    u32 cold = 0;    // where that jump leads unpatched: the call to the Translator
    Block* block = nullptr;
    Block* linked = nullptr;         // where it leads patched
    X87Note x87;                     // the last x87 instruction before it, but none that was noted
    u32 x87_moved = 0;               // what has been added to its memory operand's address since
    u16 x87_operand = kNoOperation;  // which of the block's operations has that operand: FDP's
    // What the guest's ESP is more than r12: here, and at `resume`.
    s32 stack_before = 0;
    s32 stack_after = 0;
};
static_assert(sizeof(Site) == 64);

// A host instruction that may fault, and the site that continues.
struct FaultPoint {
    u32 code = 0;        // offset into the block's code
    u16 site = 0;        // which of the block's
    bool saved = false;  // the guest's flags are in r11
    u32 landing = 0;     // offset of where the block goes on; 0: the site calls out at once
};

// Where the source of a block lies that no guard protects (loose_pages.h), and what it was. The
// block compares them at its entry and behind each instruction that may write memory, up to the
// next such place; behind a callout Translator does.
struct LooseSource {
    static constexpr u32 kLongest = 64 * 15;

    const u8* host = nullptr;    // of the first byte; nullptr: the block is not loose
    const u8* second = nullptr;  // of the second page
    u32 in_first = kLongest;     // bytes before it
    std::vector<u8> bytes;

    explicit operator bool() const { return host != nullptr; }
    const u8* host_of(u32 offset) const {
        return offset < in_first ? host + offset : second + (offset - in_first);
    }
    // SAFETY: RAM stays where it is while the map of physical memory does; when that changes, all
    // blocks die.
    bool holds() const {
        for (u32 i = 0; i < bytes.size(); ++i) {
            if (bytes[i] != *host_of(i) && !in(open, i)) return false;
        }
        return true;
    }

    struct Immediate {
        u32 instruction = 0;  // offset of the instruction, and of its immediate
        u32 first = 0;
    };
    static constexpr u32 kImmediateSize = 4;
    std::vector<Immediate> immediates;  // that could be read where they lie …
    std::vector<Immediate> open;        // … and that are: they may change
    static const Immediate* in(const std::vector<Immediate>& list, u32 offset) {
        const auto found = std::find_if(list.begin(), list.end(), [&](const Immediate& each) {
            return offset >= each.first && offset < each.first + kImmediateSize;
        });
        return found == list.end() ? nullptr : &*found;
    }
};

struct Block {
    // The first line of the host's cache, and all that most callouts ask for.
    BlockKey key;
    const u8* entry = nullptr;
    std::vector<interpreter::Operation> operations;  // of the instructions that sites are about
    u32 code_size = 0;
    bool dead = false;  // unlinked; freed when no translated code is on the stack
    LooseSource loose;

    u32 bytes = 0;         // of guest code whose change drops the block
    u64 second_page = 0;   // its physical page's address, where an instruction goes on in another
    u32 second_bytes = 0;  // how many of its bytes are there; 0: none
    u32 instructions = 0;  // guest instructions
    std::vector<Site> sites;
    std::vector<FaultPoint> fault_points;  // ascending
    std::vector<Site*> incoming;           // linked to this block

    bool spans() const { return second_bytes != 0; }
    // An empty one, which has the room that this one had.
    void restart(const BlockKey& its_key) {
        Block fresh;
        fresh.key = its_key;
        fresh.operations.swap(operations);
        fresh.sites.swap(sites);
        fresh.fault_points.swap(fault_points);
        fresh.operations.clear();
        fresh.sites.clear();
        fresh.fault_points.clear();
        *this = std::move(fresh);
    }
};

}  // namespace seventeen::translator
