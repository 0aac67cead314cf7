// Stubs: the world switch between C++ and translated code (context.h has the ABI).
#pragma once

#include "translator/code_cache.h"
#include "translator/context.h"

namespace seventeen::translator {

struct Stubs {
    using Enter = void (*)(Context* context, const u8* code);

    // To r8d by Context::jump_table, which is a map or a JumpTable.
    const u8* look_up_map = nullptr;
    const u8* look_up_slot = nullptr;
    const u8* mispaired = nullptr;  // a landing that was returned to by mistake
    const u8* unpaired = nullptr;   // at the bottom of the PairStack
    Enter enter = nullptr;          // loads the guest's registers and jumps to `code`
    // Loads a segment register as it was loaded before: r8d is the selector, r9d the register's
    // offset in CpuState, r10b whether it has to be flat. ZF says whether it is done; else it is
    // the interpreter's. Uses r8 to r10 and EFLAGS.
    const u8* load_segment = nullptr;
    // May four bytes be written to a page that is none of memory's? r8d is their linear address, r9
    // the TLB's line, r10 the page of the last one. ZF says whether, and then r9 is what to add to
    // r8. Uses r10 and EFLAGS.
    const u8* write_table = nullptr;
    CrossingStubs cross{};
    const u8* callout_host = nullptr;   // a site calls out, flags in EFLAGS
    const u8* callout_saved = nullptr;  // the same, flags in r11
};

// Writes them to the cache, for ever. First of all, where jump maps lead that know no better:
// Context::unknown_target calls out, flags in EFLAGS.
Stubs make_stubs(CodeCache& cache);

}  // namespace seventeen::translator
