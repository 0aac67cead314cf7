// MemoryComparison: two machines' RAM compared at every stop, for the price of what was written.
//
// A comparison of all RAM costs too much for a stop every thousand instructions, and one every ten
// million misses what is written wrongly and overwritten before. So the *reference*'s writes are
// watched: its pages bear Guard::kDirty until they are written. What the *tested* machine writes is
// not, for guards would change how its engine runs. It needs not be: a byte that it gets wrong
// stays wrong until it is overwritten, and then the reference writes that page, too. So each page
// that the reference writes between two stops is compared twice, as it was at the first stop, of
// which a copy is kept, and as it is at the second. What the tested machine writes elsewhere is
// found by the next such write, or by a comparison of everything.
//
// At each stop: run the reference, was_alike(), run the tested machine, is_alike().
#pragma once

#include <memory>
#include <vector>

#include "mmu/physical_memory.h"

namespace seventeen::app {

class MemoryComparison final : private mmu::GuardObserver {
  public:
    // RAM that a chip may write for itself, announcing nothing, when it is accessed.
    struct ChipMemory {
        u64 first = 0;
        u64 size = 0;
    };

    // Both have as much RAM.
    MemoryComparison(mmu::PhysicalMemory& reference, const mmu::PhysicalMemory& tested,
                     const ChipMemory& chip);
    ~MemoryComparison() override;
    MemoryComparison(const MemoryComparison&) = delete;
    MemoryComparison& operator=(const MemoryComparison&) = delete;

    // Compares all RAM, whatever has been done to either machine; stops count from here.
    bool is_all_alike();
    // The reference has run to the next stop: were the pages it wrote alike at the last one?
    bool was_alike();
    // Now the tested machine has, too: are they alike now?
    bool is_alike();
    // Pages compared since the beginning but by is_all_alike().
    u64 pages() const { return pages_; }

  private:
    void guarded_write(PhysicalAddress address, std::size_t size) override;
    void note(u64 ram_page);
    void note_chip();

    mmu::PhysicalMemory& reference_;
    const mmu::PhysicalMemory& tested_;
    ChipMemory chip_;
    std::unique_ptr<u8[]> before_;  // the reference's RAM at the last stop
    std::vector<u64> written_;      // since then, by the reference
    std::vector<bool> is_written_;  // by page of RAM
    u64 mmio_accesses_ = 0;         // at the last stop
    u64 pages_ = 0;
};

}  // namespace seventeen::app
