// JumpMap: for every EIP where its code is, as an offset into the code cache; zero: not known.
//
// 16 GiB of address space that cost what is touched of them. A branch through it needs no
// comparison, so the guest's flags stay where they are.
#pragma once

#include "core/types.h"

namespace seventeen::translator {

class JumpMap {
  public:
    // Throws Error where the host has no room.
    JumpMap();
    ~JumpMap();
    JumpMap(const JumpMap&) = delete;
    JumpMap& operator=(const JumpMap&) = delete;

    u32* offsets() { return offsets_; }  // by EIP
    void clear();

  private:
    u32* offsets_ = nullptr;
};

}  // namespace seventeen::translator
