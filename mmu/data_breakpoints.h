// DataBreakpoints: which accesses DR0..DR3 watch (SDM 3B 17.2).
#pragma once

#include <array>

#include "core/types.h"
#include "mmu/access.h"

namespace seventeen::mmu {

class DataBreakpoints {
  public:
    // Takes over DR0..DR3 and DR7.
    void update(const std::array<u64, 8>& debug_registers);
    bool armed() const { return count_ != 0; }
    bool on_page(u64 linear_page) const;
    // The DR6 bits of those that an access to [address, address + size) meets.
    u32 hits(LinearAddress address, std::size_t size, Access access) const;

  private:
    struct Range {
        u64 first = 0;
        u64 size = 0;
        u32 status = 0;  // its bit in DR6
        bool on_read = false;
    };

    std::array<Range, 4> ranges_;
    unsigned count_ = 0;
};

}  // namespace seventeen::mmu
