// From a written slot to the translations that were derived from it.
#include "mmu/table_watch.h"

#include <algorithm>

namespace seventeen::mmu {

void TableWatch::watch(const Translation& translation) {
    for (unsigned i = 0; i < translation.slot_count; ++i) {
        const u64 slot = translation.slots[i];
        if (slot == PhysicalMemory::kNotRam) continue;
        const u64 ram_page = slot >> kPageShift;
        const auto [found, is_new] = tables_.try_emplace(ram_page);
        if (is_new) {
            ++counts_.watched;
            memory_.set_ram_guard(Guard::kPageTable, ram_page);
        }
        Table& table = found->second;
        const std::size_t offset = slot & kPageMask;
        for (std::size_t byte = 0; byte < translation.slot_size; byte += kUnit)
            table.used.set((offset + byte) / kUnit);
        table.idle_writes = 0;
        const u64 index = offset / translation.slot_size;
        const u64 slots = kPageSize / translation.slot_size;
        if (i + 1 == Translation::kMaxSlots)
            table.as_table.put(translation.linear_page - index, translation.slot_size);
        else
            table.as_directory.put((translation.linear_page / slots - index) * slots,
                                   translation.slot_size);
    }
}

void TableWatch::Place::put(u64 first, u8 size) {
    if (known && (first != first_page || size != slot_size)) scattered = true;
    known = true;
    first_page = first;
    slot_size = size;
}

bool TableWatch::written(u64 ram_offset, std::size_t size) {
    const u64 ram_page = ram_offset >> kPageShift;
    const auto found = tables_.find(ram_page);
    if (found == tables_.end()) return false;
    ++counts_.writes;
    Table& table = found->second;
    if (++table.idle_writes >= kPatience) {
        ++counts_.given_up;
        const bool used = table.used.any();
        drop_derived(table, ram_page << kPageShift, kPageSize);
        release(ram_page);
        return used;
    }
    const std::size_t first = (ram_offset & kPageMask) / kUnit;
    const std::size_t last = ((ram_offset & kPageMask) + size - 1) / kUnit;
    bool used = false;
    for (std::size_t unit = first; unit <= last; ++unit) used = used || table.used[unit];
    if (!used) return false;
    ++counts_.changed_slots;
    drop_derived(table, ram_offset, size);
    for (std::size_t unit = first; unit <= last; ++unit) table.used.reset(unit);
    if (table.used.none()) {
        ++counts_.released;
        release(ram_page);
    }
    return true;
}

void TableWatch::drop_derived(const Table& table, u64 ram_offset, std::size_t size) {
    if (shadow_) {
        drop_shadow(table.as_table, ram_offset, size, 1);
        drop_shadow(table.as_directory, ram_offset, size, kPageSize / table.as_directory.slot_size);
    }
    const Place& place = table.as_table;
    if (table.as_directory.known || place.scattered) {
        search_and_drop(ram_offset, size);
        return;
    }
    const std::size_t offset = ram_offset & kPageMask;
    const std::size_t last = (offset + size - 1) / place.slot_size;
    for (std::size_t slot = offset / place.slot_size; slot <= last; ++slot)
        tlb_.drop_page(place.first_page + slot);
}

void TableWatch::drop_shadow(const Place& place, u64 ram_offset, std::size_t size,
                             u64 pages_per_slot) {
    if (!place.known) return;
    if (place.scattered) {
        ++counts_.all_pages;
        return shadow_->shadow_dropped_all();
    }
    const std::size_t offset = ram_offset & kPageMask;
    const u64 first = offset / place.slot_size;
    const u64 last = (offset + size - 1) / place.slot_size;
    const u64 pages = (last - first + 1) * pages_per_slot;
    (pages_per_slot == 1 ? counts_.table_pages : counts_.directory_pages) += pages;
    shadow_->shadow_dropped(place.first_page + first * pages_per_slot, pages);
}

void TableWatch::search_and_drop(u64 ram_offset, std::size_t size) {
    tlb_.drop_if([&](const Translation& translation) {
        const auto touched = [&](u64 slot) {
            return slot < ram_offset + size && ram_offset < slot + translation.slot_size;
        };
        const auto first = translation.slots.begin();
        return std::any_of(first, first + translation.slot_count, touched);
    });
}

void TableWatch::release(u64 ram_page) {
    tables_.erase(ram_page);
    memory_.clear_ram_guard(Guard::kPageTable, ram_page);
}

}  // namespace seventeen::mmu
