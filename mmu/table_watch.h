// TableWatch: keeps the TLB coherent, by remembering which slots of which page tables it used.
//
// A page of RAM is *watched* (Guard::kPageTable) while translations may exist that were derived
// from one of its slots. For each watched page there is a record of the slots used. A write drops
// what was derived from the slots it touches, and forgets those slots; a write to other slots (the
// usual case: the guest maps a page that wasn't there) drops nothing. When no used slot is left the
// page is released: guard and record go. So is a page that is written again and again without any
// walk using it: it has probably become ordinary memory, and writes run at full speed again.
//
// Flushing the TLB forgets nothing here: a slot that seems used but is not costs one vain search.
// Pages are known by where they lie in RAM, so it does not matter through which address, by which
// engine or which DMA they are written, nor whether the map changes.
#pragma once

#include <bitset>
#include <unordered_map>
#include <vector>

#include "core/types.h"
#include "mmu/page_walk.h"
#include "mmu/physical_memory.h"
#include "mmu/roots.h"
#include "mmu/shadow_observer.h"
#include "mmu/statistics.h"
#include "mmu/tlb.h"

namespace seventeen::mmu {

class TableWatch {
  public:
    static constexpr u64 kUnit = 4;  // bytes; an entry of eight takes two
    static constexpr unsigned kUnits = kPageSize / kUnit;
    // So many writes in a row that no walk followed release a page.
    static constexpr unsigned kPatience = 64;

    // What a page serves as. Where it is a page table at one place (that is how guests use them)
    // the linear page of each slot is known, and a changed slot needs no search.
    struct Place {
        bool known = false;      // the first slot translates from first_page on
        bool scattered = false;  // at several places
        u8 slot_size = 4;
        u64 first_page = 0;
        // The CR3 under which it was used, or ShadowObserver::kEveryRoot: there were several.
        u64 root = 0;

        void put(u64 first, u8 size, u64 current_root);
    };
    struct Table {
        std::bitset<kUnits> used;
        u32 idle_writes = 0;  // since a walk used the page
        Place as_table;       // a slot translates a page
        Place as_directory;   // a slot translates all pages of a table
    };

    TableWatch(PhysicalMemory& memory, Tlb& tlb, const Roots& roots);

    // Is told of what is dropped; may be null.
    void set_shadow(ShadowObserver* shadow) { shadow_ = shadow; }

    // `translation` is about to be used: watches its slots. (Before any write pointer is taken: its
    // page may be its own page table.)
    void watch(const Translation& translation);
    // CR3 was loaded, and what was found through the slots that Roots::used() names is kept.
    void watch_roots();
    // Bytes of RAM in a watched page have changed. False: nothing can have depended on them.
    bool written(u64 ram_offset, std::size_t size);
    // The watched pages' records, by page of RAM, else null. Who counts an idle write, and finds
    // fewer than kPatience, may write to a unit that is not used as to any other memory.
    Table* const* tables() const { return by_page_.data(); }

    const TableWatchCounts& counts() const { return counts_; }

  private:
    void drop_all_derived(const Table& table, u64 ram_offset);
    void drop_derived(const Table& table, u64 ram_offset, std::size_t size);
    void search_and_drop(u64 ram_offset, std::size_t size);
    void drop_table(const Place& place, u64 ram_offset, std::size_t size);
    void drop_directories(const Place& place, u64 ram_offset, std::size_t size);
    Table& table_with(u64 slot, u8 slot_size);
    void share(u64 ram_page);
    void release(u64 ram_page);

    PhysicalMemory& memory_;
    Tlb& tlb_;
    const Roots& roots_;
    ShadowObserver* shadow_ = nullptr;
    std::unordered_map<u64, Table> tables_;  // by page of RAM …
    std::vector<Table*> by_page_;            // … as is this
    u64 root_ = ShadowObserver::kEveryRoot;  // under which the last one was used
    TableWatchCounts counts_;
};

}  // namespace seventeen::mmu
