// Which space the CPU is in.
#include "translator/space_key.h"

namespace seventeen::translator {

SpaceKey space_of(const CpuState& state) {
    SpaceKey key;
    key.user = state.cpl == 3;
    key.paging = state.paging();
    if (!key.paging) {
        key.user = false;  // rights come from page tables alone
        return key;
    }
    if (!key.user) return key;
    key.cr3 = state.cr3;
    if (state.cr4 & kCr4Pae) key.pdpte = state.pdpte;
    return key;
}

}  // namespace seventeen::translator
