// Statistics: what the translator did, for `info jit`.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

struct Statistics {
    u64 blocks = 0;              // translated
    u64 guest_instructions = 0;  // in them
    u64 guest_bytes = 0;
    u64 host_bytes = 0;
    u64 fallbacks = 0;    // instructions in them that the interpreter runs
    u64 links = 0;        // direct branches patched to their target
    u64 invalidated = 0;  // blocks whose source was written
    u64 cache_flushes = 0;
    u64 entries = 0;  // times translated code was entered from C++
    // Callouts by reason.
    u64 interpreted = 0;   // one instruction by the interpreter: slow accesses and fallbacks
    u64 faults = 0;        // guest exceptions raised by one of them
    u64 direct_exits = 0;  // direct branches not linked yet
    u64 indirect_misses = 0;
    u64 events = 0;       // the instruction count ran out
    u64 host_faults = 0;  // SIGSEGV and SIGFPE in translated code
    u64 fpu_loads = 0;    // times the guest's FPU registers were put into the host's
    // Windows.
    u64 fills = 0;           // mappings made
    u64 filled_pages = 0;    // pages in them
    u64 drops = 0;           // ranges emptied since a page table changed
    u64 protections = 0;     // pages protected since they became guarded
    u64 window_flushes = 0;  // times all windows were emptied
    u64 soft_sites = 0;      // instructions that gave up their window
};

}  // namespace seventeen::translator
