// Statistics: what the translator did, for `info jit` and `info mmu`.
#pragma once

#include <array>

#include "core/types.h"
#include "decoder/mnemonic.h"

namespace seventeen::translator {

// Why the interpreter ran an instruction of a block.
enum class CalloutCause : u8 {
    kNoRule,     // no rule could translate it
    kSlowPath,   // its rule's fast path was not for this case
    kHostFault,  // its fast path raised SIGSEGV or SIGFPE
    kCount,
};

// What became of one mnemonic's instructions.
struct MnemonicCounts {
    u64 translated = 0;  // places in blocks that a rule translated
    u64 left = 0;        // places that were left to the interpreter
    std::array<u64, static_cast<std::size_t>(CalloutCause::kCount)> callouts{};  // executions

    u64 callouts_for(CalloutCause cause) const { return callouts[static_cast<unsigned>(cause)]; }
    u64 interpreted() const {
        u64 sum = 0;
        for (const u64 count : callouts) sum += count;
        return sum;
    }
    MnemonicCounts& operator+=(const MnemonicCounts& other) {
        translated += other.translated;
        left += other.left;
        for (std::size_t i = 0; i < callouts.size(); ++i) callouts[i] += other.callouts[i];
        return *this;
    }
};

struct Statistics {
    u64 blocks = 0;              // translated
    u64 guest_instructions = 0;  // in them
    u64 guest_bytes = 0;
    u64 host_bytes = 0;
    u64 fallbacks = 0;    // instructions in them that the interpreter runs
    u64 links = 0;        // direct branches patched to their target
    u64 invalidated = 0;  // blocks whose source was written
    u64 thunks = 0;       // calls that blocks go through (thunk.h)
    u64 cache_flushes = 0;
    u64 loose_blocks = 0;  // translated for pages without a guard
    u64 stale = 0;         // of those, found to have changed
    u64 entries = 0;       // times translated code was entered from C++
    u64 retired = 0;       // between entering and leaving it
    // Callouts by reason.
    u64 interpreted = 0;   // one instruction by the interpreter: slow accesses and fallbacks
    u64 faults = 0;        // guest exceptions raised by one of them
    u64 direct_exits = 0;  // direct branches not linked yet
    u64 indirect_misses = 0;
    u64 events = 0;        // the instruction count ran out
    u64 host_faults = 0;   // SIGSEGV and SIGFPE in translated code
    u64 unpaired = 0;      // returns that found no pair (pair_stack.h) …
    u64 pair_drops = 0;    // … and times that all were dropped
    u64 crossings = 0;     // of privilege levels, that called nobody
    u64 table_writes = 0;  // to page tables, that called nobody
    u64 fpu_loads = 0;     // times the guest's FPU registers were put into the host's
    // Windows.
    u64 fills = 0;           // mappings made
    u64 filled_pages = 0;    // pages in them
    u64 drops = 0;           // ranges emptied since a page table changed
    u64 protections = 0;     // pages protected since they became guarded
    u64 window_flushes = 0;  // times all windows were emptied
    u64 evictions = 0;       // spaces that gave their window to another
    u64 soft_sites = 0;      // instructions that gave up their window
    // What became of host faults; the others are x87 exceptions and misaligned operands.
    u64 faults_filled = 0;  // a fill showed the page
    u64 faults_vain = 0;    // nothing may be shown: a device, a guarded page
    u64 faults_guest = 0;   // the guest gets an exception

    // Indexed by Mnemonic.
    std::array<MnemonicCounts, static_cast<std::size_t>(decoder::Mnemonic::kCount)> mnemonics{};
    MnemonicCounts& of(decoder::Mnemonic mnemonic) {
        return mnemonics[static_cast<std::size_t>(mnemonic)];
    }
    const MnemonicCounts& of(decoder::Mnemonic mnemonic) const {
        return mnemonics[static_cast<std::size_t>(mnemonic)];
    }
    void count_callout(decoder::Mnemonic mnemonic, CalloutCause cause) {
        ++of(mnemonic).callouts[static_cast<unsigned>(cause)];
    }
};

// What there is now.
struct Census {
    u64 blocks = 0;
    u64 direct_exits = 0;  // of these blocks, that can be patched
    u64 linked_exits = 0;  // of those, patched to their target
    u64 code_bytes = 0;    // used of the code cache
    u64 code_capacity = 0;
    u64 modes = 0;
    // Windows.
    u64 spaces = 0;
    u64 shown_pages = 0;
    u64 mappings = 0;  // as counted against the budget
    u64 mapping_budget = 0;
};

}  // namespace seventeen::translator
