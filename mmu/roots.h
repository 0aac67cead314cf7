// Roots: the top-level page tables, and which of their slots the TLB and the shadows have used.
//
// Loading CR3 means nothing for linear pages whose top-level slot reads the same in the old table
// and in the new one: below it the tables are the same. A kernel's pages are of that kind in all
// its processes, so what is known of them stays known. Bits A and D of a slot count as well: an
// access that would set one in the new table must be seen.
//
// A *directory* is what one slot of the top level translates: 4 MiB, or 2 MiB with PAE (whose
// page-directory pointers are registers, so that it has up to four top-level tables).
#pragma once

#include <array>
#include <bitset>

#include "core/cpu_state.h"
#include "mmu/page_walk.h"
#include "mmu/physical_memory.h"

namespace seventeen::mmu {

class Roots {
  public:
    static constexpr std::size_t kDirectories = 2048;
    using Directories = std::bitset<kDirectories>;

    Roots(const CpuState& state, PhysicalMemory& memory, const PageWalker& walker)
        : state_(state), memory_(memory), walker_(walker) {}

    // The paging mode may have changed; nothing is known any more.
    void reset();
    // Something that is kept was found through this translation.
    void use(const Translation& translation) { used_.set(directory_of(translation.linear_page)); }
    // CR3 was loaded: returns the used directories that are others now, and forgets them.
    Directories reload();

    u64 current() const { return state_.cr3; }
    const Directories& used() const { return used_; }
    // Directories that a load of CR3 has made others, lately.
    const Directories& fleeting() const { return fleeting_; }
    bool is_fleeting(u64 linear_page) const { return fleeting_.test(directory_of(linear_page)); }
    std::size_t directory_of(u64 linear_page) const { return linear_page >> page_shift_; }
    u64 pages_in_directory() const { return u64{1} << page_shift_; }
    u8 slot_size() const { return page_shift_ == kPaeShift ? 8 : 4; }
    // Where its slot lies in RAM, or PhysicalMemory::kNotRam.
    u64 slot_of(std::size_t directory) const;
    // May user code reach what it translates? If so, where its table lies in RAM; else
    // PhysicalMemory::kNotRam.
    u64 user_table_of(std::size_t directory) const;
    bool is_root(u64 ram_page) const;

  private:
    static constexpr unsigned kShift = 10;    // pages in a directory, as a power of two
    static constexpr unsigned kPaeShift = 9;  // the same with PAE

    using Tables = std::array<u64, 4>;  // offsets in RAM

    void locate();
    u64 offset_of(u64 entry) const;
    u64 read(const Tables& tables, std::size_t directory) const;
    u64 slot_in(const Tables& tables, std::size_t directory) const;

    const CpuState& state_;
    PhysicalMemory& memory_;
    const PageWalker& walker_;
    unsigned page_shift_ = kShift;
    Tables tables_{PhysicalMemory::kNotRam, PhysicalMemory::kNotRam, PhysicalMemory::kNotRam,
                   PhysicalMemory::kNotRam};
    std::array<u64, 4> pointers_{};  // with PAE: what led to them, other bits included
    Directories used_;
    Directories fleeting_;
};

}  // namespace seventeen::mmu
