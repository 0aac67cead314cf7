// Random programs in two address spaces whose page tables change all the time.
//
// Kernel: handlers in ROM and a stack, mapped for the supervisor in both spaces. User: pages of
// code, data, the page tables themselves and a region of large pages. Each trap runs one of many
// operations (edit an entry, switch the space, INVLPG, clear A and D bits, toggle CR0.WP or
// CR4.PGE, …) and goes on elsewhere, at CPL 3 or 1, or where it was; the code itself edits tables,
// too. No entry is ever invalidated unless by chance: every engine shows the tables as they stand.
// A page fault in a page that should be there brings it back.
#pragma once

#include "tests/lockstep/lockstep.h"

namespace seventeen::lockstep {

struct PagingProgram {
    u64 seed = 1;
    bool pae = false;
};

Start make_paging_program(const PagingProgram& program);

// User code that changes thousands of pages, one after the other, no two of which are neighbours in
// RAM; then again. `pages`: up to 8,192.
Start make_scattered_program(u32 pages);

}  // namespace seventeen::lockstep
