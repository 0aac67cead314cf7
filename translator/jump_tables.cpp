// Choosing, filling and emptying tables.
#include "translator/jump_tables.h"

namespace seventeen::translator {

const JumpSlot* JumpTables::select(u32 mode, const SpaceKey& space) {
    if (current_ && current_->mode == mode && current_->space == space)
        return current_->slots.data();
    auto& place = tables_[(space.cr3 >> kPageShift ^ mode * 7) % kTables];
    if (!place) {
        place = std::make_unique<Table>();
    } else if (place->mode != mode || !(place->space == space)) {
        empty(*place);
    }
    place->mode = mode;
    place->space = space;
    current_ = place.get();
    return current_->slots.data();
}

void JumpTables::fill(const Block& block, u64 linear_page) {
    const u32 slot = jump_slot_of(block.key.eip);
    JumpSlot& entry = current_->slots[slot];
    if (entry.code == block.entry) return;
    entry = {block.key.eip, block.entry};
    current_->filled[linear_page].insert(slot);
}

void JumpTables::forget(const Block& block) {
    for (const auto& table : tables_) {
        if (!table) continue;
        JumpSlot& entry = table->slots[jump_slot_of(block.key.eip)];
        if (entry.code == block.entry) entry = {};
    }
}

// A slot that another page's block took over meanwhile is emptied as well: it fills again.
void JumpTables::drop_pages(u64 first_page, u64 pages) {
    for (const auto& table : tables_) {
        if (!table) continue;
        std::erase_if(table->filled, [&](const auto& page) {
            if (page.first - first_page >= pages) return false;
            for (const u32 slot : page.second) table->slots[slot] = {};
            return true;
        });
    }
}

void JumpTables::empty(Table& table) {
    for (const auto& [page, slots] : table.filled) {
        for (const u32 slot : slots) table.slots[slot] = {};
    }
    table.filled.clear();
}

void JumpTables::empty_all() {
    for (const auto& table : tables_) {
        if (table) empty(*table);
    }
}

}  // namespace seventeen::translator
