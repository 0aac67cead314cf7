// From a written slot to the translations that were derived from it.
#include "mmu/table_watch.h"

namespace seventeen::mmu {

TableWatch::TableWatch(PhysicalMemory& memory, Tlb& tlb, const Roots& roots)
    : memory_(memory), tlb_(tlb), roots_(roots), by_page_(memory.ram().size() >> kPageShift) {}

void TableWatch::watch(const Translation& translation) {
    root_ = roots_.current();
    for (unsigned i = 0; i < translation.slot_count; ++i) {
        const u64 slot = translation.slots[i];
        if (slot == PhysicalMemory::kNotRam) continue;
        Table& table = table_with(slot, translation.slot_size);
        const u64 index = (slot & kPageMask) / translation.slot_size;
        const u64 slots = kPageSize / translation.slot_size;
        if (i + 1 == Translation::kMaxSlots)
            table.as_table.put(translation.linear_page - index, translation.slot_size, root_);
        else
            table.as_directory.put((translation.linear_page / slots - index) * slots,
                                   translation.slot_size, root_);
    }
}

void TableWatch::watch_roots() {
    const Roots::Directories& used = roots_.used();
    const u8 size = roots_.slot_size();
    const u64 slots = kPageSize / size;
    const bool same = root_ == roots_.current();
    root_ = roots_.current();
    for (std::size_t i = used._Find_first(); i < used.size(); i = used._Find_next(i)) {
        Table& root = table_with(roots_.slot_of(i), size);
        root.as_directory.put(i / slots * slots * slots, size, root_);
        if (!same) share(roots_.user_table_of(i) >> kPageShift);
    }
}

// What was found through the table under another root is kept under this one.
void TableWatch::share(u64 ram_page) {
    Table* table = ram_page < by_page_.size() ? by_page_[ram_page] : nullptr;
    if (!table) return;
    table->as_table.root = ShadowObserver::kEveryRoot;
    table->as_directory.root = ShadowObserver::kEveryRoot;
}

// The record of the page that a slot is in, where it is used from now on.
TableWatch::Table& TableWatch::table_with(u64 slot, u8 slot_size) {
    const u64 ram_page = slot >> kPageShift;
    if (!by_page_[ram_page]) {
        ++counts_.watched;
        by_page_[ram_page] = &tables_[ram_page];
        memory_.set_ram_guard(Guard::kPageTable, ram_page);
    }
    Table& table = *by_page_[ram_page];
    const std::size_t offset = slot & kPageMask;
    for (std::size_t byte = 0; byte < slot_size; byte += kUnit)
        table.used.set((offset + byte) / kUnit);
    table.idle_writes = 0;
    return table;
}

void TableWatch::Place::put(u64 first, u8 size, u64 current_root) {
    if (known && (first != first_page || size != slot_size)) scattered = true;
    root = known && root != current_root ? ShadowObserver::kEveryRoot : current_root;
    known = true;
    first_page = first;
    slot_size = size;
}

bool TableWatch::written(u64 ram_offset, std::size_t size) {
    const u64 ram_page = ram_offset >> kPageShift;
    if (!by_page_[ram_page]) return false;
    ++counts_.writes;
    Table& table = *by_page_[ram_page];
    if (++table.idle_writes >= kPatience) {
        ++counts_.given_up;
        const bool used = table.used.any();
        drop_all_derived(table, ram_page << kPageShift);
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

// Of all slots that were used: mostly few neighbours.
void TableWatch::drop_all_derived(const Table& table, u64 ram_offset) {
    const std::size_t first = table.used._Find_first();
    if (first == kUnits) return;
    std::size_t last = kUnits - 1;
    while (!table.used[last]) --last;
    drop_derived(table, ram_offset + first * kUnit, (last - first + 1) * kUnit);
}

void TableWatch::drop_derived(const Table& table, u64 ram_offset, std::size_t size) {
    if (table.as_table.known) drop_table(table.as_table, ram_offset, size);
    if (table.as_directory.known) drop_directories(table.as_directory, ram_offset, size);
}

void TableWatch::drop_table(const Place& place, u64 ram_offset, std::size_t size) {
    if (place.scattered) {
        ++counts_.all_pages;
        search_and_drop(ram_offset, size);
        if (shadow_) shadow_->shadow_dropped_all();
        return;
    }
    const std::size_t offset = ram_offset & kPageMask;
    const u64 first = place.first_page + offset / place.slot_size;
    const u64 last = place.first_page + (offset + size - 1) / place.slot_size;
    for (u64 page = first; page <= last; ++page) tlb_.drop_page(page);
    counts_.table_pages += last - first + 1;
    if (shadow_) shadow_->shadow_dropped(first, last - first + 1, place.root);
}

// The TLB holds what the current tables say, and nothing else.
void TableWatch::drop_directories(const Place& place, u64 ram_offset, std::size_t size) {
    if (place.scattered) {
        ++counts_.all_pages;
        tlb_.drop_all();
        if (shadow_) shadow_->shadow_dropped_all();
        return;
    }
    const u64 pages_in_slot = kPageSize / place.slot_size;
    const std::size_t offset = ram_offset & kPageMask;
    const u64 slots = (offset + size - 1) / place.slot_size - offset / place.slot_size + 1;
    const u64 first = place.first_page + offset / place.slot_size * pages_in_slot;
    const u64 pages = slots * pages_in_slot;
    counts_.directory_pages += pages;
    const bool current = roots_.is_root(ram_offset >> kPageShift);
    if (current) {
        tlb_.drop_if([&](const Translation& translation) {
            return translation.linear_page - first < pages;
        });
    }
    if (!shadow_) return;
    current ? shadow_->shadow_dropped(first, pages, place.root)
            : shadow_->shadow_dropped_elsewhere(first, pages, place.root);
}

void TableWatch::search_and_drop(u64 ram_offset, std::size_t size) {
    tlb_.drop_if([&](const Translation& translation) {
        if (translation.slot_count < Translation::kMaxSlots) return false;
        const u64 slot = translation.slots.back();
        return slot < ram_offset + size && ram_offset < slot + translation.slot_size;
    });
}

void TableWatch::release(u64 ram_page) {
    by_page_[ram_page] = nullptr;
    tables_.erase(ram_page);
    memory_.clear_ram_guard(Guard::kPageTable, ram_page);
}

}  // namespace seventeen::mmu
