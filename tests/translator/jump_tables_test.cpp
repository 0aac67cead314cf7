// Tables of branch targets: hashed or a map, told apart by mode and space, emptied by page.
#include "translator/jump_tables.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>

namespace seventeen::translator {

namespace {

constexpr u32 kEip = 0x0804'8123;
constexpr u64 kPage = kEip >> kPageShift;

struct Fixture {
    std::vector<u8> cache = std::vector<u8>(4096);
    JumpTables tables{cache.data()};
    SpaceKey user{0x1000, {}, true, true};
    SpaceKey other{0x2000, {}, true, true};
    SpaceKey supervisor{0, {}, true, false};

    static constexpr u32 kMode = 3;

    Block block(u32 offset, u32 eip = kEip) {
        Block made;
        made.key.eip = eip;
        made.key.mode = kMode;
        made.entry = cache.data() + offset;
        return made;
    }
    static JumpTables::Target target_of(const Block& block) { return {block.key.eip, block.entry}; }
    // What C++ finds.
    const u8* look_up(bool mapped, const SpaceKey& space, u32 eip = kEip) {
        tables.select(tables.table_of(kMode, mapped, space));
        return tables.find(eip);
    }
    // What translated code would find: the same.
    const u8* find(bool mapped, const SpaceKey& space, u32 eip = kEip) {
        const void* table = tables.select(tables.table_of(kMode, mapped, space));
        CHECK(tables.find(eip) == look_up(mapped, space, eip));
        if (mapped) {
            const u32 offset = static_cast<const u32*>(table)[eip];
            return offset == 0 ? nullptr : cache.data() + offset;
        }
        const JumpSlot& slot = static_cast<const JumpSlot*>(table)[jump_slot_of(eip)];
        return slot.eip == eip ? slot.code : nullptr;
    }
    void fill(bool mapped, const SpaceKey& space, const Block& block) {
        tables.select(tables.table_of(kMode, mapped, space));
        tables.fill(target_of(block), block.key.eip >> kPageShift);
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A target is found in the space that it was filled for") {
    const bool mapped = GENERATE(false, true);
    const Block target = block(64);
    fill(mapped, user, target);
    CHECK(find(mapped, user) == target.entry);
    CHECK(find(mapped, user, kEip + 1) == nullptr);
    CHECK(find(mapped, other) == nullptr);
    CHECK(find(mapped, user) == target.entry);
}

TEST_CASE_METHOD(Fixture, "However many user spaces there are, the supervisors' table stays") {
    const Block target = block(64);
    fill(true, supervisor, target);
    const u64 before = tables.generation();
    for (u64 cr3 = 0; cr3 < 300; ++cr3) fill(false, {cr3 << kPageShift, {}, true, true}, target);
    CHECK(tables.generation() > before);  // they had to share
    CHECK(find(true, supervisor) == target.entry);
}

TEST_CASE_METHOD(Fixture, "A new space gets the table that was emptied last, unless it is large") {
    const auto is_resident = [](const void* map, u32 eip) {
        // SAFETY: asks for the page of an element, which is mapped.
        const u64 place = reinterpret_cast<u64>(static_cast<const u32*>(map) + eip) & ~kPageMask;
        unsigned char resident = 0;
        REQUIRE(mincore(reinterpret_cast<void*>(place), kPageSize, &resident) == 0);
        return (resident & 1) != 0;
    };
    const SpaceKey third{0x3000, {}, true, true};
    const u32 pages = GENERATE(10u, 1000u);
    fill(true, other, block(32));
    for (u32 i = 0; i < pages; ++i) fill(true, user, block(64, i << kPageShift));
    const void* map = tables.select(tables.table_of(kMode, true, user));
    tables.drop_pages({true, user.cr3}, 0, pages);
    const u64 before = tables.generation();
    CHECK(tables.select(tables.table_of(kMode, true, third)) == map);
    CHECK(tables.generation() > before);
    CHECK(is_resident(map, 0) == (pages < 100));
    for (u32 i = 0; i < pages; ++i) REQUIRE(tables.find(i << kPageShift) == nullptr);
    CHECK(find(true, other) == cache.data() + 32);
    fill(true, third, block(64));
    CHECK(find(true, user) == nullptr);
    CHECK(find(true, third) == cache.data() + 64);
}

TEST_CASE_METHOD(Fixture, "Pages are dropped for users and for supervisors apart") {
    const bool mapped = GENERATE(false, true);
    const Block target = block(64);
    fill(mapped, user, target);
    fill(mapped, supervisor, target);
    tables.drop_pages({false}, kPage - 1, 1);
    tables.drop_pages({false}, kPage + 1, 1000);
    CHECK(find(mapped, supervisor) == target.entry);
    tables.drop_pages({false}, 0, u64{1} << 20);
    CHECK(find(mapped, supervisor) == nullptr);
    CHECK(find(mapped, user) == target.entry);
    tables.drop_pages({true}, kPage, 1);
    CHECK(find(mapped, user) == nullptr);
    fill(mapped, user, target);
    CHECK(find(mapped, user) == target.entry);
}

TEST_CASE_METHOD(Fixture, "Pages are dropped for the users of one CR3, or for all") {
    const bool mapped = GENERATE(false, true);
    const Block target = block(64);
    fill(mapped, user, target);
    fill(mapped, other, target);
    tables.drop_pages({true, user.cr3}, kPage, 1);
    CHECK(find(mapped, user) == nullptr);
    CHECK(find(mapped, other) == target.entry);
    tables.drop_pages({true}, kPage, 1);
    CHECK(find(mapped, other) == nullptr);
}

TEST_CASE_METHOD(Fixture, "It is said when a space has lost its last target") {
    constexpr u32 kOther = kMode + 1;
    const Block target = block(64);
    const Block next = block(128, kEip + kPageSize);
    const Spaces spaces{true, user.cr3};
    CHECK_FALSE(tables.drop_pages(spaces, 0, u64{1} << 20));
    fill(true, user, target);
    fill(true, user, next);
    fill(true, other, target);
    CHECK_FALSE(tables.drop_pages(spaces, kPage, 1));
    CHECK_FALSE(tables.drop_pages(spaces, kPage, 1));
    CHECK(tables.drop_pages(spaces, kPage + 1, 1));
    CHECK_FALSE(tables.drop_pages(spaces, kPage + 1, 1));
    fill(false, user, target);
    tables.select(tables.table_of(kOther, true, user));
    tables.fill({next.key.eip, next.entry}, kPage + 1);
    CHECK_FALSE(tables.drop_pages(spaces, kPage, 1));  // the other Mode's is left
    CHECK(tables.drop_pages(spaces, kPage, 2));
}

TEST_CASE_METHOD(Fixture, "A block that depends on a second page goes with either") {
    const Block target = block(64);
    tables.select(tables.table_of(kMode, true, user));
    tables.depends(target_of(target), kPage + 1);
    tables.fill(target_of(target), kPage);
    tables.drop_pages({true}, kPage + 1, 1);
    CHECK(find(true, user) == nullptr);
    tables.select(tables.table_of(kMode, true, user));
    tables.depends(target_of(target), kPage + 1);
    tables.fill(target_of(target), kPage);
    tables.drop_pages({true}, kPage, 1);
    CHECK(find(true, user) == nullptr);
}

TEST_CASE_METHOD(Fixture, "A block that dies is forgotten, one that took its slot is not") {
    const bool mapped = GENERATE(false, true);
    const Block first = block(64);
    const Block second = block(128);
    fill(mapped, user, first);
    fill(mapped, user, second);
    tables.forget(first);
    CHECK(find(mapped, user) == second.entry);
    tables.forget(second);
    CHECK(find(mapped, user) == nullptr);
}

TEST_CASE_METHOD(Fixture, "Code that a supervisor loses is announced") {
    std::vector<const u8*> lost;
    tables.on_supervisor_loss([&](const u8* code) { lost.push_back(code); });
    const Block target = block(64);
    const Block other_version = block(128);
    fill(true, supervisor, target);
    fill(true, user, target);
    tables.drop_pages({true}, kPage, 1);
    CHECK(lost.empty());
    fill(true, supervisor, other_version);
    CHECK(lost == std::vector{target.entry});
    tables.drop_pages({false}, kPage, 1);
    CHECK(lost == std::vector{target.entry, other_version.entry});
    fill(true, supervisor, target);
    tables.empty_all();
    CHECK(lost == std::vector{target.entry, other_version.entry, target.entry});
}

TEST_CASE_METHOD(Fixture, "Whatever a landing stands for may be lost, and that is counted") {
    const Block target = block(64);
    fill(true, user, target);
    u64 before = tables.losses();
    const auto counted = [&] { return std::exchange(before, tables.losses()) != before; };
    find(true, user);
    CHECK_FALSE(counted());
    find(true, supervisor);
    CHECK(counted());
    find(true, user);
    CHECK(counted());
    tables.forget(block(128));
    CHECK(counted());
    tables.drop_pages({true}, kPage, 1);
    CHECK(counted());
    tables.drop_pages({true}, kPage, 1);
    CHECK_FALSE(counted());
    tables.empty_all();
}

TEST_CASE_METHOD(Fixture, "All tables can be emptied at once") {
    fill(true, user, block(64));
    fill(false, other, block(64));
    tables.empty_all();
    CHECK(find(true, user) == nullptr);
    CHECK(find(false, other) == nullptr);
}

}  // namespace seventeen::translator
