// Windows show what the page tables grant, while they grant it.
#include "translator/window_set.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "core/bus.h"
#include "mmu/shadow_observer.h"

namespace seventeen::translator {

namespace {

constexpr u64 kRam = 1 << 20;
constexpr u32 kDirectory = 0x1000;
constexpr u32 kTable = 0x2000;
constexpr u32 kPresent = 1, kWritable = 2, kUser = 4, kAccessed = 0x20, kDirty = 0x40;
constexpr u32 kAll = kPresent | kWritable | kUser | kAccessed | kDirty;

// User code under paging: linear page n is physical page n, with the rights that a test gives it.
struct Fixture : private mmu::ShadowObserver {
    CpuState state;
    Bus mmio{"memory", u64{1} << 36};
    mmu::PhysicalMemory memory{kRam, mmio};
    mmu::Mmu mmu{state, memory};
    Statistics statistics;
    WindowSet windows{mmu, options(1000), statistics};
    u64 base = 0;

    Fixture() {
        memory.map_ram({0}, kRam, 0);
        memory.write<u32>({kDirectory}, kTable | kAll);
        state.cr3 = kDirectory;
        state.cr0 |= kCr0Pe | kCr0Pg | kCr0Wp;
        state.cpl = 3;
        mmu.set_shadow(this);
        mmu.flush_all();
        base = windows.window_of(space_of(state));
    }
    static TranslatorOptions options(u64 mappings) {
        TranslatorOptions options;
        options.window_mappings = mappings;
        return options;
    }
    void shadow_dropped(u64 first, u64 pages, u64 root) override {
        shadow_dropped_elsewhere(first, pages, root);
        shadow_left(first, pages);
    }
    void shadow_dropped_elsewhere(u64 first, u64 pages, u64 root) override {
        windows.drop_pages({true, root}, first, pages);
    }
    void shadow_left(u64 first, u64 pages) override { windows.drop_pages({}, first, pages); }
    void shadow_dropped_all() override { windows.drop_all(); }
    void shadow_protected(u64 ram_page) override { windows.protect(ram_page); }
    void map(u32 page, u32 rights, u32 frame) {
        memory.write<u32>({kTable + page * 4}, frame << 12 | rights);
    }
    // SAFETY: the test reads and writes what it has filled.
    u8& at(u64 linear) { return *reinterpret_cast<u8*>(base + linear); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "A page is shown once its A bit stands, writable once D does") {
    map(0x10, kPresent | kWritable | kUser, 0x20);
    CHECK_FALSE(windows.fill(0x10, false));
    map(0x10, kAll & ~kDirty, 0x20);
    CHECK_FALSE(windows.fill(0x10, true));
    CHECK(windows.fill(0x10, false));
    memory.write<u8>({0x20123}, 77);
    CHECK(at(0x10123) == 77);
    CHECK_FALSE(windows.fill(0x10, false));  // it is there

    map(0x11, kAll, 0x21);
    CHECK(windows.fill(0x11, true));
    at(0x11005) = 5;
    CHECK(memory.read<u8>({0x21005}) == 5);
}

TEST_CASE_METHOD(Fixture, "Supervisor pages and devices are never shown to user code") {
    map(0x10, kAll & ~kUser, 0x20);
    CHECK_FALSE(windows.fill(0x10, false));
    map(0x10, kAll, 0x200);  // beyond RAM
    CHECK_FALSE(windows.fill(0x10, false));
}

TEST_CASE_METHOD(Fixture, "A changed table entry takes its page away, in every space") {
    map(0x10, kAll, 0x20);
    map(0x30, kAll, 0x40);
    REQUIRE(windows.fill(0x10, true));
    REQUIRE(windows.fill(0x30, true));
    state.cr3 = 0x5000;  // another space is current
    windows.window_of(space_of(state));
    map(0x10, kAll, 0x21);
    state.cr3 = kDirectory;
    CHECK(windows.window_of(space_of(state)) == base);
    CHECK_FALSE(windows.fill(0x30, true));  // still there
    CHECK(windows.fill(0x10, true));
    memory.write<u8>({0x21000}, 21);
    CHECK(at(0x10000) == 21);
}

TEST_CASE_METHOD(Fixture, "A changed directory entry takes all pages of its table away") {
    map(0x10, kAll, 0x20);
    map(0x30, kAll, 0x40);
    REQUIRE(windows.fill(0x10, true));
    REQUIRE(windows.fill(0x30, true));
    memory.write<u32>({kDirectory}, kTable | kAll | 0x800);
    CHECK(windows.fill(0x10, true));
    CHECK(windows.fill(0x30, true));
}

TEST_CASE_METHOD(Fixture, "A page that becomes guarded stays to be read") {
    map(0x10, kAll, 0x20);
    REQUIRE(windows.fill(0x10, true));
    memory.set_guard(mmu::Guard::kCode, {0x20000});
    CHECK(statistics.protections == 1);
    memory.write<u8>({0x20000}, 9);
    CHECK(at(0x10000) == 9);
    CHECK_FALSE(windows.fill(0x10, true));
    memory.clear_guard(mmu::Guard::kCode, {0x20000});
    CHECK(windows.fill(0x10, true));
    at(0x10000) = 10;
    CHECK(memory.read<u8>({0x20000}) == 10);
}

TEST_CASE_METHOD(Fixture, "A kernel's pages are shown to be read, those it writes one by one") {
    state.cpl = 0;
    base = windows.window_of(space_of(state));
    for (u32 page = 0x10; page < 0x18; ++page) map(page, kAll & ~kUser, page + 0x10);
    REQUIRE(windows.fill(0x12, false));
    CHECK(statistics.filled_pages == 8);
    REQUIRE(windows.fill(0x14, true));
    CHECK(statistics.filled_pages == 9);
    CHECK_FALSE(windows.fill(0x14, true));  // is there
    at(0x14000) = 14;
    CHECK(memory.read<u8>({0x24000}) == 14);
    memory.set_guard(mmu::Guard::kCode, {0x23000});  // only read
    CHECK(statistics.protections == 0);
    memory.set_guard(mmu::Guard::kCode, {0x24000});
    CHECK(statistics.protections == 1);
    CHECK_FALSE(windows.fill(0x14, true));
    CHECK(at(0x14000) == 14);
    memory.clear_guard(mmu::Guard::kCode, {0x24000});
    CHECK(windows.fill(0x14, true));
    map(0x14, kAll & ~kUser, 0x25);  // elsewhere now
    memory.set_guard(mmu::Guard::kCode, {0x24000});
    CHECK(statistics.protections == 1);
    map(0x15, kAll, 0x25);  // the user's
    CHECK_FALSE(windows.fill(0x15, true));
}

TEST_CASE_METHOD(Fixture, "Neighbours that are contiguous come along") {
    for (u32 page = 0x10; page < 0x20; ++page) map(page, kAll, page + 0x20);
    map(0x18, kAll & ~kDirty, 0x38);
    REQUIRE(windows.fill(0x12, true));
    CHECK(statistics.filled_pages == 8);  // up to the one that may not be written
    CHECK_FALSE(windows.fill(0x10, true));
    CHECK(windows.fill(0x19, true));
    CHECK(statistics.filled_pages == 15);
}

TEST_CASE_METHOD(Fixture, "Without extents a fill shows one page") {
    for (u32 page = 0x10; page < 0x20; ++page) map(page, kAll, page + 0x20);
    TranslatorOptions single = options(1000);
    single.disabled.set(Trick::kExtents);
    WindowSet alone(mmu, single, statistics);
    alone.window_of(space_of(state));
    CHECK(alone.fill(0x12, true));
    CHECK(alone.fill(0x13, true));
    CHECK(statistics.filled_pages == 2);
}

TEST_CASE_METHOD(Fixture, "What is shown is counted, and so are spaces that lose their window") {
    for (u32 page = 0x10; page < 0x20; ++page) map(page, kAll, page + 0x20);
    REQUIRE(windows.fill(0x12, true));
    map(0x14, 0, 0);
    Census census;
    windows.count(census);
    CHECK(census.spaces == 1);
    CHECK(census.shown_pages == 15);
    CHECK(census.mappings == 4);  // at worst  // the hole split it
    CHECK(census.mapping_budget == 1000);
    for (u32 space = 1; space <= 24; ++space) {
        state.cr3 = 0x10000 * space;
        windows.window_of(space_of(state));
    }
    CHECK(statistics.evictions == 1);
}

TEST_CASE_METHOD(Fixture, "Over the budget everything is shown anew") {
    WindowSet small(mmu, options(4), statistics);
    small.window_of(space_of(state));
    const u64 before = statistics.window_flushes;
    for (u32 page = 0; page < 5; ++page) {
        map(page * 32, kAll, page + 0x20);
        CHECK(small.fill(page * 32, true));
    }
    CHECK(statistics.window_flushes - before == 2);
}

}  // namespace seventeen::translator
