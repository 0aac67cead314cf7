// A process with hardly a mapping to spare.
#pragma once

#include <sys/mman.h>

#include "core/types.h"

namespace seventeen {

// Takes all mappings that the host grants a process, but for a few.
class MappingHog {
  public:
    explicit MappingHog(u64 left) {
        void* place = mmap(nullptr, kPages << kPageShift, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (place == MAP_FAILED) return;
        pages_ = static_cast<u8*>(place);
        u64 taken = 1;
        while (taken < kPages && protect(taken, PROT_READ)) taken += 2;
        full_ = taken < kPages;
        for (u64 page = taken; left >= 2 && page > 2; left -= 2) protect(page -= 2, PROT_NONE);
    }
    ~MappingHog() {
        if (pages_) munmap(pages_, kPages << kPageShift);
    }
    MappingHog(const MappingHog&) = delete;
    MappingHog& operator=(const MappingHog&) = delete;
    bool full() const { return full_; }

  private:
    static constexpr u64 kPages = 140'000;

    bool protect(u64 page, int rights) {
        return mprotect(pages_ + (page << kPageShift), kPageSize, rights) == 0;
    }

    u8* pages_ = nullptr;
    bool full_ = false;
};

}  // namespace seventeen
