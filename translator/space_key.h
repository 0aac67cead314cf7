// SpaceKey: what the translation of linear addresses depends on, besides the tables themselves.
//
// Supervisors have one space for all page tables: most of their pages are the same in all of them,
// and Mmu says at each load of CR3 which may not be (ShadowObserver::shadow_left).
#pragma once

#include <array>

#include "core/cpu_state.h"
#include "core/types.h"

namespace seventeen::translator {

struct SpaceKey {
    u64 cr3 = 0;
    std::array<u64, 4> pdpte{};
    bool paging = false;
    bool user = false;
    bool operator==(const SpaceKey&) const = default;
};
SpaceKey space_of(const CpuState& state);

}  // namespace seventeen::translator
