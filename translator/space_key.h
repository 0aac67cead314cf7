// SpaceKey: what the translation of linear addresses depends on, besides the tables themselves.
//
// Supervisors have one space for all page tables: most of their pages are the same in all of them,
// and Mmu says at each load of CR3 which may not be (ShadowObserver::shadow_left).
#pragma once

#include <array>

#include "core/cpu_state.h"
#include "core/types.h"
#include "mmu/shadow_observer.h"

namespace seventeen::translator {

struct SpaceKey {
    u64 cr3 = 0;
    std::array<u64, 4> pdpte{};
    bool paging = false;
    bool user = false;
    // In line: it is compared whenever the privilege level changes.
    bool operator==(const SpaceKey& other) const {
        u64 difference =
            (cr3 ^ other.cr3) | (u64{paging} ^ other.paging) | (u64{user} ^ other.user);
        for (std::size_t i = 0; i < pdpte.size(); ++i) difference |= pdpte[i] ^ other.pdpte[i];
        return difference == 0;
    }
};
SpaceKey space_of(const CpuState& state);

// The supervisors' space, or users' spaces: all, or those of one CR3.
struct Spaces {
    bool user = false;
    u64 cr3 = mmu::ShadowObserver::kEveryRoot;

    bool are_all() const { return !user || cr3 == mmu::ShadowObserver::kEveryRoot; }
    bool have(const SpaceKey& key) const {
        return key.user == user && (are_all() || key.cr3 == cr3);
    }
};

}  // namespace seventeen::translator
