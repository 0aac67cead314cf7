// Statistics: what the Mmu did, for `info mmu`.
#pragma once

#include <array>

#include "core/types.h"

namespace seventeen::mmu {

// One for each use that an access has for a translation (Tlb::Lane).
inline constexpr std::size_t kTlbLanes = 4;

struct TlbCounts {
    std::array<u64, kTlbLanes> fills{};  // translations inserted, by lane
    u64 replaced = 0;                    // translations that gave their line to another
    u64 dropped = 0;                     // translations forgotten for any other reason
    u64 pointers = 0;                    // lines given host pointers
    // Translations that are there now.
    u64 held() const {
        u64 sum = 0;
        for (const u64 count : fills) sum += count;
        return sum - replaced - dropped;
    }
};

struct TableWatchCounts {
    u64 watched = 0;        // pages of RAM that became watched
    u64 released = 0;       // pages that no longer are: no slot of theirs is used
    u64 given_up = 0;       // pages that no longer are: written again and again without use
    u64 writes = 0;         // to watched pages
    u64 changed_slots = 0;  // of those writes: to slots that translations were derived from
    // Linear pages that shadows had to forget, in every address space.
    u64 table_pages = 0;      // for a page table's slots
    u64 directory_pages = 0;  // for a directory's, a whole table's pages for each
    u64 all_pages = 0;        // times that it was all: a table that serves at several places
};

struct Statistics {
    static constexpr std::size_t kPageFaultCodes = 32;

    u64 walks = 0;         // of the page tables, for accesses
    u64 checks = 0;        // walks that only ask for a fault: accesses that touch two pages
    u64 shadow_walks = 0;  // for shadows
    std::array<u64, kPageFaultCodes> faults{};  // #PF that walks ended in, by error code
    // What emptied the TLB.
    u64 mode_flushes = 0;        // paging was switched, or state replaced
    u64 space_flushes = 0;       // CR3 was loaded
    u64 invalidations = 0;       // INVLPG; one page
    u64 breakpoint_flushes = 0;  // breakpoints were changed; pointers only
    u64 map_flushes = 0;         // the map of physical memory was changed
};

}  // namespace seventeen::mmu
