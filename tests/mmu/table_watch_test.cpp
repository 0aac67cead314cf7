// Guards come with use and go with it; a write drops what came from the slots it touched.
#include <catch2/catch.hpp>
#include <memory>

#include "core/bus.h"
#include "mmu/table_watch.h"

namespace seventeen::mmu {
namespace {

using Lane = Tlb::Lane;

constexpr u64 kDirectory = 0x1000;
constexpr u64 kTable = 0x2000;

struct Fixture {
    Bus mmio{"memory", u64{1} << 36};
    PhysicalMemory memory{16 * kPageSize, mmio};
    std::unique_ptr<Tlb> owner = std::make_unique<Tlb>();
    Tlb& tlb = *owner;
    CpuState state;
    PageWalker walker{state, memory};
    Roots roots{state, memory, walker};
    TableWatch watch{memory, tlb, roots};

    Fixture() {
        memory.map_ram({0}, 16 * kPageSize, 0);
        state.cr0 |= kCr0Pg;
        state.cr3 = kDirectory;
        roots.reset();
    }

    // As a walk would find it: the page's slots in kDirectory and in `table`.
    void use(u64 linear_page, u64 table = kTable, Lane lane = Lane::kUserData) {
        Translation translation;
        translation.linear_page = linear_page;
        translation.slot_count = 2;
        translation.slots = {kDirectory + (linear_page >> 10) * 4,
                             table + (linear_page & 0x3ff) * 4};
        watch.watch(translation);
        tlb.insert(lane, translation);
    }
    bool known(u64 linear_page, Lane lane = Lane::kUserData) const {
        return tlb.find(lane, linear_page) != nullptr;
    }
    bool guarded(u64 page) const { return memory.guarded(Guard::kPageTable, {page}); }
};

TEST_CASE_METHOD(Fixture, "Used tables are guarded until no used slot is left") {
    CHECK_FALSE(guarded(kTable));
    use(3);
    use(4);
    CHECK(guarded(kDirectory));
    CHECK(guarded(kTable));
    CHECK(watch.written(kTable + 3 * 4, 4));
    CHECK(guarded(kTable));
    CHECK_FALSE(known(3));
    CHECK(known(4));
    CHECK(watch.written(kTable + 4 * 4, 4));
    CHECK_FALSE(guarded(kTable));
    CHECK_FALSE(known(4));
    CHECK(guarded(kDirectory));
}

TEST_CASE_METHOD(Fixture, "The record of a page is to be found while it is watched") {
    constexpr u64 kPage = kTable >> kPageShift;
    CHECK(watch.tables()[kPage] == nullptr);
    use(3);
    const TableWatch::Table* table = watch.tables()[kPage];
    REQUIRE(table != nullptr);
    CHECK(table->used.test(3));
    CHECK(table->used.count() == 1);
    CHECK(table->idle_writes == 0);
    CHECK_FALSE(watch.written(kTable + 4 * 4, 4));
    CHECK(table->idle_writes == 1);
    CHECK(watch.written(kTable + 3 * 4, 4));
    CHECK(watch.tables()[kPage] == nullptr);
}

TEST_CASE_METHOD(Fixture, "Watched pages and the writes to them are counted") {
    use(3);
    const TableWatchCounts& counts = watch.counts();
    CHECK(counts.watched == 2);
    watch.written(kTable + 4 * 4, 4);
    CHECK(counts.writes == 1);
    CHECK(counts.changed_slots == 0);
    watch.written(kTable + 3 * 4, 4);
    CHECK(counts.writes == 2);
    CHECK(counts.changed_slots == 1);
    CHECK(counts.released == 1);
    for (int i = 0; i < 200 && guarded(kDirectory); ++i) watch.written(kDirectory + 4 * 4, 4);
    CHECK(counts.given_up == 1);
}

TEST_CASE_METHOD(Fixture, "What shadows must forget is counted, by tables and by directories") {
    struct Shadow : ShadowObserver {
        u64 pages = 0;
        void shadow_dropped(u64, u64 count, u64) override { pages += count; }
        void shadow_dropped_all() override {}
        void shadow_dropped_elsewhere(u64, u64, u64) override {}
        void shadow_left(u64, u64) override {}
        void shadow_protected(u64) override {}
    } shadow;
    watch.set_shadow(&shadow);
    use(3);
    watch.written(kTable + 3 * 4, 4);
    CHECK(watch.counts().table_pages == 1);
    CHECK(watch.counts().directory_pages == 0);
    watch.written(kDirectory, 4);
    CHECK(watch.counts().table_pages == 1);
    CHECK(watch.counts().directory_pages == 1024);
    CHECK(shadow.pages == 1025);
    CHECK(watch.counts().all_pages == 0);
    watch.set_shadow(nullptr);
}

TEST_CASE_METHOD(Fixture, "A write to slots that nobody used drops nothing") {
    use(3);
    CHECK_FALSE(watch.written(kTable + 2 * 4, 4));
    CHECK_FALSE(watch.written(kTable + 4 * 4, 8));
    CHECK_FALSE(watch.written(kDirectory + 4, 4));
    CHECK_FALSE(watch.written(0x5000, 4));
    CHECK(known(3));
}

TEST_CASE_METHOD(Fixture, "Touching one byte of a slot is enough, in every lane") {
    const u64 byte = GENERATE(0, 1, 2, 3);
    use(3);
    use(3, kTable, Lane::kSupervisorCode);
    CHECK(watch.written(kTable + 3 * 4 + byte, 1));
    CHECK_FALSE(known(3));
    CHECK_FALSE(known(3, Lane::kSupervisorCode));
}

TEST_CASE_METHOD(Fixture, "A write across slots drops what came from each") {
    for (u64 page = 2; page < 7; ++page) use(page);
    CHECK(watch.written(kTable + 3 * 4 + 3, 6));
    CHECK(known(2));
    CHECK_FALSE(known(3));
    CHECK_FALSE(known(4));
    CHECK_FALSE(known(5));
    CHECK(known(6));
}

TEST_CASE_METHOD(Fixture, "A directory's slot drops all pages of its table, and no others") {
    use(3);
    use(4);
    use(0x403, 0x3000);
    CHECK(watch.written(kDirectory, 4));
    CHECK_FALSE(known(3));
    CHECK_FALSE(known(4));
    CHECK(known(0x403));
}

TEST_CASE_METHOD(Fixture, "A table used at two places drops the pages of both") {
    use(3);
    use(0x804);
    CHECK(watch.written(kTable + 4 * 4, 4));
    CHECK(known(3));
    CHECK_FALSE(known(0x804));
    CHECK(watch.written(kTable + 3 * 4, 4));
    CHECK_FALSE(known(3));
}

TEST_CASE_METHOD(Fixture, "A page can be directory and table at once") {
    use(3, kDirectory);  // the directory maps itself
    use(0x803);
    CHECK(watch.written(kDirectory + 3 * 4, 4));
    CHECK_FALSE(known(3));
    CHECK(known(0x803));
    CHECK(watch.written(kDirectory + 2 * 4, 4));
    CHECK_FALSE(known(0x803));
}

TEST_CASE_METHOD(Fixture, "A page written again and again without a walk is released") {
    use(3);
    for (int i = 0; i < 63; ++i) REQUIRE_FALSE(watch.written(kTable + 0x800, 4));
    use(4);  // a walk: patience begins anew
    for (int i = 0; i < 63; ++i) REQUIRE_FALSE(watch.written(kTable + 0x800, 4));
    CHECK(known(3));
    CHECK(watch.written(kTable + 0x800, 4));
    CHECK_FALSE(known(3));
    CHECK_FALSE(known(4));
    CHECK_FALSE(guarded(kTable));
    CHECK(guarded(kDirectory));
    CHECK_FALSE(watch.written(kTable + 3 * 4, 4));
    use(3);
    CHECK(guarded(kTable));
}

TEST_CASE_METHOD(Fixture, "Slots in ROM are not watched") {
    Translation translation;
    translation.linear_page = 9;
    translation.slot_count = 2;
    translation.slots = {PhysicalMemory::kNotRam, kTable + 9 * 4};
    watch.watch(translation);
    tlb.insert(Lane::kUserData, translation);
    CHECK(guarded(kTable));
    CHECK(watch.written(kTable + 9 * 4, 4));
    CHECK_FALSE(known(9));
}

TEST_CASE_METHOD(Fixture, "Wide entries are dropped by either half") {
    Translation translation;
    translation.linear_page = 9;
    translation.slot_count = 2;
    translation.slot_size = 8;
    translation.slots = {kDirectory, kTable + 9 * 8};
    watch.watch(translation);
    tlb.insert(Lane::kUserData, translation);
    const u64 half = GENERATE(0, 4);
    CHECK(watch.written(kTable + 9 * 8 + half, 4));
    CHECK_FALSE(known(9));
}

}  // namespace
}  // namespace seventeen::mmu
