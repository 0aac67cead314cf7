// JumpMaps: for every EIP where its code is, as an offset into the code cache; zero: not known.
//
// Each map is 16 GiB of address space that cost what is touched of them. A branch through it needs
// no comparison, so the guest's flags stay where they are. All maps are one mapping of the host's.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

class JumpMaps {
  public:
    // Throws Error where the host has no room.
    explicit JumpMaps(std::size_t count);
    ~JumpMaps();
    JumpMaps(const JumpMaps&) = delete;
    JumpMaps& operator=(const JumpMaps&) = delete;

    // A map's offsets, by EIP.
    u32* offsets(std::size_t map) const { return offsets_ + (map << 32); }
    void clear(std::size_t map);

  private:
    std::size_t count_;
    u32* offsets_ = nullptr;
};

}  // namespace seventeen::translator
