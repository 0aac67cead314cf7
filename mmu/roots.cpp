// Comparing top-level slots.
#include "mmu/roots.h"

#include <algorithm>
#include <cstring>

namespace seventeen::mmu {

namespace {

constexpr u64 kPresent = 1;
constexpr u64 kUser = 4;

}  // namespace

void Roots::reset() {
    used_.reset();
    fleeting_.reset();
    locate();
}

Roots::Directories Roots::reload() {
    const Tables before = tables_;
    const std::array<u64, 4> pointers = pointers_;
    locate();
    Directories lost;
    for (std::size_t i = used_._Find_first(); i < kDirectories; i = used_._Find_next(i)) {
        const bool known = slot_in(before, i) != PhysicalMemory::kNotRam &&
                           slot_in(tables_, i) != PhysicalMemory::kNotRam;
        const std::size_t table = i / (kPageSize / slot_size());
        const bool same =
            known && pointers[table] == pointers_[table] && read(before, i) == read(tables_, i);
        if (!same) lost.set(i);
    }
    used_ &= ~lost;
    fleeting_ |= lost;
    return lost;
}

void Roots::locate() {
    tables_.fill(PhysicalMemory::kNotRam);
    page_shift_ = state_.cr4 & kCr4Pae ? kPaeShift : kShift;
    if (!state_.paging()) return;
    if (!(state_.cr4 & kCr4Pae)) {
        tables_[0] = offset_of(state_.cr3);
        return;
    }
    pointers_ = state_.pdpte;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        if (state_.pdpte[i] & kPresent) tables_[i] = offset_of(state_.pdpte[i]);
    }
}

// As memory stands: with the A20 gate closed, or where RAM ends, this is another page or none.
u64 Roots::offset_of(u64 entry) const {
    const u64 address = entry & ~kPageMask & ((u64{1} << walker_.model().physical_bits) - 1);
    return memory_.ram_offset(memory_.bus_address({address}));
}

u64 Roots::slot_in(const Tables& tables, std::size_t directory) const {
    const std::size_t slots = kPageSize / slot_size();
    const u64 table = tables[directory / slots];
    if (table == PhysicalMemory::kNotRam) return table;
    return table + directory % slots * slot_size();
}

u64 Roots::slot_of(std::size_t directory) const {
    return slot_in(tables_, directory);
}

u64 Roots::user_table_of(std::size_t directory) const {
    if (slot_of(directory) == PhysicalMemory::kNotRam) return PhysicalMemory::kNotRam;
    const u64 slot = read(tables_, directory);
    return slot & kUser ? offset_of(slot) : PhysicalMemory::kNotRam;
}

u64 Roots::read(const Tables& tables, std::size_t directory) const {
    u64 value = 0;
    std::memcpy(&value, memory_.ram().data() + slot_in(tables, directory), slot_size());
    return value;
}

bool Roots::is_root(u64 ram_page) const {
    return std::find(tables_.begin(), tables_.end(), ram_page << kPageShift) != tables_.end();
}

}  // namespace seventeen::mmu
