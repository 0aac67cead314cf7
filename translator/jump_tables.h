// JumpTables: where branches lead that leave their page, one table for each Mode and address space.
//
// A slot says: in this space this EIP is that block. It is filled when the block has been found by
// a page walk, and emptied when the block dies or when a page table changes that the walk went
// through (shadow_observer.h), so MOV CR3 costs nothing but the choice of another table. Users'
// spaces share kUserTables places.
//
// Supervisors' tables, and those of modes that use a window, are maps (jump_maps.h), which are
// fastest; young spaces have a small hashed JumpTable, which is quickly filled. A map's memory is
// dear when it is first touched, so a new space gets the table of the one that ended last: it will
// hardly run at other addresses.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "translator/block.h"
#include "translator/context.h"
#include "translator/jump_maps.h"
#include "translator/space_key.h"

namespace seventeen::translator {

class JumpTables {
  public:
    // `code`: what a map's offsets are relative to.
    explicit JumpTables(const u8* code) : code_(code), maps_(kTables) {}

    // Told of code that a supervisor's table has no longer, but for a block that died.
    void on_supervisor_loss(std::function<void(const u8* code)> callback) {
        on_loss_ = std::move(callback);
    }

    struct Table;
    // The one for a mode in a space, empty if another pair had its place.
    Table& table_of(u32 mode, bool mapped, const SpaceKey& space);
    // Increases whenever a table has become another pair's.
    u64 generation() const { return generation_; }
    // Increases whenever an address may have lost its code, or another table was selected.
    u64 losses() const { return losses_; }
    // The table's slots or map. All that follows is about it.
    const void* select(Table& table);
    // Where the code for an address is, or nullptr.
    const u8* find(u32 eip) const { return at(*current_, eip); }
    struct Target {
        u32 eip = 0;
        const u8* code = nullptr;
    };
    // In the table last selected: the one at `linear_page`.
    void fill(const Target& target, u64 linear_page);
    // Its slot is to be emptied with another linear page's, too; said before fill().
    void depends(const Target& target, u64 linear_page);
    void forget(const Block& block);  // in all
    // Does it leave these spaces without any target, though they had some?
    bool drop_pages(const Spaces& spaces, u64 first_page, u64 pages);
    void empty_all();

  private:
    static constexpr std::size_t kSupervisorTables = 64;
    static constexpr std::size_t kUserTables = 64;
    static constexpr std::size_t kTables = kSupervisorTables + kUserTables;
    static constexpr u64 kLinearPages = 1 << 20;
    static constexpr u64 kWordBits = 64;

    Table& own(std::size_t place, u32 mode, bool mapped, const SpaceKey& space);
    std::size_t users_place(u32 mode, bool mapped, const SpaceKey& space) const;
    const u8* at(const Table& table, u32 eip) const;
    void put(Table& table, const Target& target);
    void lose(Table& table, u32 eip);
    void remove(Table& table, u32 eip);
    void empty(Table& table);
    void drop_page(Table& table, u64 page);
    void drop_range(Table& table, u64 first_page, u64 end);
    u64 next_filled(bool user, u64 page, u64 end) const;

    const u8* code_;
    JumpMaps maps_;
    std::array<std::unique_ptr<Table>, kTables> tables_;
    std::array<u64, kTables> roots_{};  // CR3 of their spaces: a sieve
    Table* current_ = nullptr;
    u64 clock_ = 0;
    u64 generation_ = 0;
    u64 losses_ = 0;
    std::function<void(const u8*)> on_loss_ = [](const u8*) {};
    // A bit for each linear page: may a slot be filled? For supervisors' and for users' tables.
    std::array<std::array<u64, kLinearPages / kWordBits>, 2> any_filled_{};
};

struct JumpTables::Table {
    u32 mode = 0;
    SpaceKey space;
    std::size_t place = 0;             // its own, in tables_ and maps_
    std::unique_ptr<JumpTable> slots;  // unless it is a map
    bool mapped = false;
    u64 last_used = 0;  // when it was last asked for
    u64 touched = 0;    // pages that were filled since the map was cleared, each time counted
    std::unordered_map<u64, std::vector<u32>> filled;  // EIPs, by linear page
};

}  // namespace seventeen::translator
