// Choosing, filling and emptying tables.
#include "translator/jump_tables.h"

#include <algorithm>
#include <bit>

namespace seventeen::translator {

// Users' spaces come and go; none is to take the place of what all supervisors share.
JumpTables::Table& JumpTables::table_of(u32 mode, bool mapped, const SpaceKey& space) {
    const std::size_t place =
        space.user ? users_place(mode, mapped, space) : mode % kSupervisorTables;
    Table& table = own(place, mode, mapped, space);
    table.last_used = ++clock_;
    return table;
}

// Its own, or else an empty one, an unused place, or the one not asked for longest.
std::size_t JumpTables::users_place(u32 mode, bool mapped, const SpaceKey& space) const {
    const Table* empty = nullptr;
    const Table* oldest = nullptr;
    std::size_t unused = kTables;
    for (std::size_t place = kSupervisorTables; place < kTables; ++place) {
        const Table* table = tables_[place].get();
        if (!table) {
            unused = place;
            continue;
        }
        if (roots_[place] == space.cr3 && table->mode == mode && table->space == space)
            return place;
        const bool fits = table->filled.empty() && table->mapped == mapped;
        if (fits && (!empty || table->last_used > empty->last_used)) empty = table;
        if (!oldest || table->last_used < oldest->last_used) oldest = table;
    }
    if (empty) return empty->place;
    return unused != kTables ? unused : oldest->place;
}

JumpTables::Table& JumpTables::own(std::size_t place, u32 mode, bool mapped,
                                   const SpaceKey& space) {
    auto& table = tables_[place];
    if (!table) {
        table = std::make_unique<Table>();
    } else if (table->mode != mode || !(table->space == space)) {
        empty(*table);
        ++generation_;
    }
    roots_[place] = space.cr3;
    table->place = place;
    table->mode = mode;
    table->space = space;
    table->mapped = mapped;
    if (!mapped && !table->slots) table->slots = std::make_unique<JumpTable>();
    return *table;
}

const void* JumpTables::select(Table& table) {
    losses_ += current_ != &table;
    current_ = &table;
    if (table.mapped) return maps_.offsets(table.place);
    return table.slots->data();
}

void JumpTables::fill(const Target& target, u64 linear_page) {
    const u8* before = at(*current_, target.eip);
    if (before == target.code) return;
    if (before) {
        ++losses_;
        lose(*current_, target.eip);
    }
    depends(target, linear_page);
    put(*current_, target);
}

void JumpTables::depends(const Target& target, u64 linear_page) {
    if (at(*current_, target.eip) == target.code) return;
    std::vector<u32>& eips = current_->filled[linear_page];
    current_->touched += eips.empty();
    eips.push_back(target.eip);
    any_filled_[current_->space.user][linear_page / kWordBits] |= u64{1} << linear_page % kWordBits;
}

void JumpTables::forget(const Block& block) {
    ++losses_;
    for (const auto& table : tables_) {
        if (table && table->mode == block.key.mode && at(*table, block.key.eip) == block.entry)
            remove(*table, block.key.eip);
    }
}

bool JumpTables::drop_pages(const Spaces& spaces, u64 first_page, u64 pages) {
    const u64 end = std::min(first_page + pages, kLinearPages);
    const u64 first = next_filled(spaces.user, first_page, end);
    if (first == end) return false;
    bool any = false;
    bool left = false;
    for (std::size_t place = spaces.user ? kSupervisorTables : 0; place < kTables; ++place) {
        if (!spaces.are_all() && roots_[place] != spaces.cr3) continue;
        Table* table = tables_[place].get();
        if (!table || table->filled.empty() || !spaces.have(table->space)) continue;
        drop_range(*table, first, end);
        any = true;
        left = left || !table->filled.empty();
    }
    const u64 empty_end = spaces.are_all() ? end : first;
    for (u64 page = first; page < empty_end; page = next_filled(spaces.user, page + 1, end))
        any_filled_[spaces.user][page / kWordBits] &= ~(u64{1} << page % kWordBits);
    return any && !left;
}

// The first page, or `end`, for which a slot may be filled.
u64 JumpTables::next_filled(bool user, u64 page, u64 end) const {
    while (page < end) {
        const u64 rest = any_filled_[user][page / kWordBits] >> page % kWordBits;
        if (rest != 0) return std::min(page + static_cast<u64>(std::countr_zero(rest)), end);
        page = (page | (kWordBits - 1)) + 1;
    }
    return end;
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

void JumpTables::put(Table& table, const Target& target) {
    if (table.mapped)
        maps_.offsets(table.place)[target.eip] = static_cast<u32>(target.code - code_);
    else
        (*table.slots)[jump_slot_of(target.eip)] = {target.eip, target.code};
}

void JumpTables::drop_page(Table& table, u64 page) {
    const auto filled = table.filled.find(page);
    if (filled == table.filled.end()) return;
    ++losses_;
    for (const u32 eip : filled->second) lose(table, eip);
    table.filled.erase(filled);
}

void JumpTables::drop_range(Table& table, u64 first_page, u64 end) {
    if (end - first_page <= table.filled.size()) {
        for (u64 page = first_page; page < end; ++page) drop_page(table, page);
        return;
    }
    std::erase_if(table.filled, [&](const auto& page) {
        if (page.first < first_page || page.first >= end) return false;
        for (const u32 eip : page.second) lose(table, eip);
        ++losses_;
        return true;
    });
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

// A map of few pages keeps its memory: whoever has its place next will use the same ones, and each
// would cost two host faults.
void JumpTables::empty(Table& table) {
    constexpr u64 kFew = 512;
    ++losses_;
    drop_range(table, 0, kLinearPages);
    if (!table.mapped || table.touched <= kFew) return;
    maps_.clear(table.place);
    table.touched = 0;
}

}  // namespace seventeen::translator
