// ShadowObserver: told what a shadow of the guest's page tables must forget.
//
// A shadow (the translator's windows) keeps translations longer than the TLB does: over MOV CR3,
// for address spaces that are not current. Mmu::shadow() fills it; the tables each translation came
// from stay guarded, and a write to one is announced here.
#pragma once

#include "core/types.h"

namespace seventeen::mmu {

class ShadowObserver {
  public:
    virtual ~ShadowObserver() = default;
    // In any address space, instead of the one that this CR3 chooses.
    static constexpr u64 kEveryRoot = ~u64{0};

    // Linear pages that may be translated otherwise from now on, in the address spaces of `root`.
    virtual void shadow_dropped(u64 first_page, u64 pages, u64 root) = 0;
    virtual void shadow_dropped_all() = 0;
    // The same, in any but the current address space.
    virtual void shadow_dropped_elsewhere(u64 first_page, u64 pages, u64 root) = 0;
    // CR3 was loaded: pages that the new address space need not have in common with the old one.
    virtual void shadow_left(u64 first_page, u64 pages) = 0;
    // A page of RAM became guarded: no shadow may grant writes to it.
    virtual void shadow_protected(u64 ram_page) = 0;
};

}  // namespace seventeen::mmu
