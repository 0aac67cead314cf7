// Spare mappings: pages with other rights than those between them.
#include "translator/spare_mappings.h"

#include <sys/mman.h>

#include <atomic>
#include <mutex>
#include <new>

#include "core/types.h"

namespace seventeen::translator {

namespace {

constexpr u64 kPages = 16;

std::atomic<void*> spare{nullptr};

// As operator new asks for it: make room, or say that there is none.
void make_room() {
    if (!SpareMappings::give_away()) throw std::bad_alloc();
}

}  // namespace

void SpareMappings::keep() {
    static std::once_flag installed;
    std::call_once(installed, [] { std::set_new_handler(&make_room); });
    if (kept()) return;
    void* pages = mmap(nullptr, kPages << kPageShift, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return;
    u8* page = static_cast<u8*>(pages);
    for (u64 i = 1; i < kPages; i += 2) mprotect(page + (i << kPageShift), kPageSize, PROT_READ);
    void* none = nullptr;
    if (!spare.compare_exchange_strong(none, pages)) munmap(pages, kPages << kPageShift);
}

bool SpareMappings::kept() {
    return spare.load(std::memory_order_relaxed) != nullptr;
}

bool SpareMappings::give_away() {
    void* pages = spare.exchange(nullptr);
    return pages && munmap(pages, kPages << kPageShift) == 0;
}

}  // namespace seventeen::translator
