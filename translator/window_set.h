// WindowSet: which guest address space has which window, and what its pages show.
//
// A *space* is what the guest's translations depend on: CR3, PAE's directory pointers, privilege.
// Its window is a shadow of its page tables: a page is filled when an access has faulted and the
// Mmu says what may be shown (Mmu::shadow), and emptied when the Mmu announces that a table has
// changed (mmu/shadow_observer.h). So a window never grants what the tables in memory don't.
//
// The host limits the number of mappings of a process, so they are counted, at their worst; over
// the budget, and where the host refuses one or the heap took the spare ones, all windows are
// emptied. Beyond kMostSpaces the least recently used space gives its window away.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/cpu_state.h"
#include "mmu/mmu.h"
#include "translator/options.h"
#include "translator/space_key.h"
#include "translator/statistics.h"
#include "translator/window.h"

namespace seventeen::translator {

class WindowSet final {
  public:
    WindowSet(mmu::Mmu& mmu, const TranslatorOptions& options, Statistics& statistics);
    WindowSet(const WindowSet&) = delete;
    WindowSet& operator=(const WindowSet&) = delete;

    // The base of the space's window.
    u64 window_of(const SpaceKey& key);
    // Shows the page, and neighbours, in the window last asked for. False: it must not be shown, or
    // not be written to, or was shown already.
    bool fill(u64 linear_page, bool for_write);

    // As ShadowObserver tells it.
    void drop_pages(const Spaces& spaces, u64 first_page, u64 pages);
    void drop_all();
    void protect(u64 ram_page);

    void count(Census& census) const;

  private:
    static constexpr std::size_t kMostSpaces = 24;
    static constexpr u64 kChunkPages = 1024;
    static constexpr u64 kChunks = 1024;
    static constexpr u32 kShown = 1u << 31;
    static constexpr u32 kWritable = 1u << 30;
    static constexpr u32 kRamPageMask = kWritable - 1;

    struct Chunk {
        std::array<u32, kChunkPages> pages{};  // kShown, kWritable, page of RAM
        u32 shown = 0;                         // how many; the last one takes the chunk along
    };
    struct Space {
        SpaceKey key;
        Window window;
        std::array<std::unique_ptr<Chunk>, kChunks> chunks;
        u64 last_used = 0;
    };
    // Where a page of RAM is shown.
    struct Use {
        Space* space = nullptr;
        u64 linear_page = 0;
    };

    // One for all page tables: the supervisor's.
    static bool is_shared(const Space& space) { return space.key.paging && !space.key.user; }
    // Is what it shows of a page in uses_? Only what a guard would concern.
    static bool is_used(const Space& space, u32 shown) {
        return !is_shared(space) || shown & kWritable;
    }
    u32& entry(Space& space, u64 linear_page);
    bool is_shown(const Space& space, u64 linear_page) const;
    bool shows(const Space& space, u64 linear_page, bool for_write, mmu::Mmu::ShadowPage& page);
    u64 extent(u64 linear_page, const mmu::Mmu::ShadowPage& page, u64& first);
    bool fits(u64 linear_page, const mmu::Mmu::ShadowPage& wanted);
    void forget(Space& space, u64 linear_page);
    void empty(Space& space);
    bool add_space();
    void give_in();

    mmu::Mmu& mmu_;
    u64 budget_;
    bool extents_;
    Statistics& statistics_;
    std::vector<std::unique_ptr<Space>> spaces_;
    Space* current_ = nullptr;
    std::unordered_map<u64, std::vector<Use>> uses_;  // by page of RAM
    u64 mappings_ = 0;
    u64 clock_ = 0;
};

}  // namespace seventeen::translator
