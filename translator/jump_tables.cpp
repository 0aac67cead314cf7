// Choosing, filling and emptying tables.
#include "translator/jump_tables.h"

#include <algorithm>
#include <optional>

namespace seventeen::translator {

// Users' spaces come and go; none is to take the place of what all supervisors share.
std::size_t JumpTables::place_of(u32 mode, const SpaceKey& space) {
    if (!space.user) return mode % kSupervisorTables;
    return kSupervisorTables + (space.cr3 >> kPageShift ^ mode * 7) % kUserTables;
}

JumpTables::Table& JumpTables::table_of(u32 mode, bool mapped, const SpaceKey& space) {
    const std::size_t number = place_of(mode, space);
    auto& place = tables_[number];
    if (!place) {
        place = std::make_unique<Table>();
    } else if (place->mode != mode || !(place->space == space)) {
        empty(*place);
        ++generation_;
    }
    place->place = number;
    place->mode = mode;
    place->space = space;
    place->mapped = mapped;
    if (!mapped && !place->slots) place->slots = std::make_unique<JumpTable>();
    return *place;
}

const void* JumpTables::select(Table& table) {
    losses_ += current_ != &table;
    current_ = &table;
    if (table.mapped) return maps_.offsets(table.place);
    return table.slots->data();
}

void JumpTables::fill(const Block& block, u64 linear_page) {
    const u8* before = at(*current_, block.key.eip);
    if (before == block.entry) return;
    if (before) {
        ++losses_;
        lose(*current_, block.key.eip);
    }
    depends(block, linear_page);
    put(*current_, block.key.eip, block.entry);
}

void JumpTables::depends(const Block& block, u64 linear_page) {
    if (at(*current_, block.key.eip) == block.entry) return;
    current_->filled[linear_page].push_back(block.key.eip);
    any_filled_[current_->space.user][linear_page / kWordBits] |= u64{1} << linear_page % kWordBits;
}

void JumpTables::forget(const Block& block) {
    ++losses_;
    for (const auto& table : tables_) {
        if (table && table->mode == block.key.mode && at(*table, block.key.eip) == block.entry)
            remove(*table, block.key.eip);
    }
}

void JumpTables::drop_pages(const Spaces& spaces, u64 first_page, u64 pages) {
    auto& words = any_filled_[spaces.user];
    const u64 end = std::min(first_page + pages, kLinearPages);
    std::optional<std::vector<Table*>> tables;
    for (u64 page = first_page; page < end; ++page) {
        u64& word = words[page / kWordBits];
        if (word == 0) {
            page |= kWordBits - 1;
            continue;
        }
        const u64 bit = u64{1} << page % kWordBits;
        if (!(word & bit)) continue;
        if (spaces.are_all()) word &= ~bit;
        if (!tables) tables = tables_of(spaces);
        for (Table* table : *tables) drop_page(*table, page);
    }
}

std::vector<JumpTables::Table*> JumpTables::tables_of(const Spaces& spaces) const {
    std::vector<Table*> found;
    for (const auto& table : tables_) {
        if (table && !table->filled.empty() && spaces.have(table->space))
            found.push_back(table.get());
    }
    return found;
}

void JumpTables::empty_all() {
    for (const auto& table : tables_) {
        if (table) empty(*table);
    }
}

// --- one table ---

const u8* JumpTables::at(const Table& table, u32 eip) const {
    if (table.mapped) {
        const u32 offset = maps_.offsets(table.place)[eip];
        return offset == 0 ? nullptr : code_ + offset;
    }
    const JumpSlot& slot = (*table.slots)[jump_slot_of(eip)];
    return slot.eip == eip ? slot.code : nullptr;
}

void JumpTables::put(Table& table, u32 eip, const u8* code) {
    if (table.mapped)
        maps_.offsets(table.place)[eip] = static_cast<u32>(code - code_);
    else
        (*table.slots)[jump_slot_of(eip)] = {eip, code};
}

void JumpTables::drop_page(Table& table, u64 page) {
    const auto filled = table.filled.find(page);
    if (filled == table.filled.end()) return;
    ++losses_;
    for (const u32 eip : filled->second) lose(table, eip);
    table.filled.erase(filled);
}

// A slot that another page's block took over meanwhile is emptied as well: it fills again.
void JumpTables::remove(Table& table, u32 eip) {
    if (table.mapped)
        maps_.offsets(table.place)[eip] = 0;
    else
        (*table.slots)[jump_slot_of(eip)] = {};
}

void JumpTables::lose(Table& table, u32 eip) {
    const u8* code = at(table, eip);
    if (code && !table.space.user) on_loss_(code);
    remove(table, eip);
}

void JumpTables::empty(Table& table) {
    ++losses_;
    for (const auto& [page, eips] : table.filled) {
        for (const u32 eip : eips) lose(table, eip);
    }
    if (table.mapped) maps_.clear(table.place);
    table.filled.clear();
}

}  // namespace seventeen::translator
