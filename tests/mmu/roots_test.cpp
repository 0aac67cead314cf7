// Loading CR3: what stays known is what the new top-level table says in the same words.
#include "mmu/roots.h"

#include <catch2/catch.hpp>

#include <vector>

#include "tests/mmu/board.h"

namespace seventeen::mmu {

namespace {

constexpr u32 kOther = 0x20000;    // another page directory
constexpr u32 kThird = 0x800000;   // in the third 4 MiB
constexpr u32 kSecond = 0x431000;  // in the second 4 MiB, and in a TLB line of its own

struct Shadow final : ShadowObserver {
    std::vector<u64> left;       // first pages
    std::vector<u64> dropped;    // in all spaces
    std::vector<u64> elsewhere;  // in other spaces
    std::vector<u64> roots;      // whose spaces those of `dropped` are about
    void shadow_dropped(u64 first, u64, u64 root) override {
        dropped.push_back(first);
        roots.push_back(root);
    }
    void shadow_dropped_all() override { dropped.push_back(~u64{0}); }
    void shadow_dropped_elsewhere(u64 first, u64, u64) override { elsewhere.push_back(first); }
    void shadow_left(u64 first, u64) override { left.push_back(first); }
    void shadow_protected(u64) override {}
};

struct Fixture : Board {
    Shadow shadow;
    u32 value = 0;

    // Two directories share the first 4 MiB; what they say of the second is told apart.
    Fixture() {
        identity_map();
        memory.write<u32>({kDirectory + 4}, kTable | 7);
        REQUIRE_FALSE(read32(0x30000, value));
        REQUIRE_FALSE(read32(kSecond, value));
        memory.write<u32>({kOther}, pde(0));
        mmu.set_shadow(&shadow);
    }
    ~Fixture() { mmu.set_shadow(nullptr); }
    void load(u32 directory) {
        state.cr3 = directory;
        mmu.change_space();
    }
    // To the same page, in each directory by a table of its own.
    void use_third(u32 directory, u32 table) {
        memory.write<u32>({table}, 0x40000 | 7);
        memory.write<u32>({directory + 8}, table | 7);
        load(directory);
        REQUIRE_FALSE(read32(kThird, value));
    }
    u64 walks() const { return mmu.statistics().walks; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Pages whose directory slot is the same are known without a walk") {
    const u64 before = walks();
    load(kOther);
    REQUIRE_FALSE(read32(0x30000, value));
    CHECK(walks() == before);
    CHECK(shadow.left == std::vector<u64>{0x400});
    CHECK(read32(kSecond, value).error_code == 0);  // not present
}

TEST_CASE_METHOD(Fixture, "An A bit that would have to be set is a difference") {
    memory.write<u32>({kOther}, pde(0) & ~kA);
    load(kOther);
    CHECK(shadow.left == std::vector<u64>{0, 0x400});
    REQUIRE_FALSE(read32(0x30000, value));
    CHECK(memory.read<u32>({kOther}) & kA);
}

TEST_CASE_METHOD(Fixture, "The new directory is watched, the old one for other spaces only") {
    load(kOther);
    shadow.left.clear();
    memory.write<u32>({kDirectory}, 0);
    CHECK(shadow.elsewhere == std::vector<u64>{0});
    CHECK(shadow.dropped.empty());
    REQUIRE_FALSE(read32(0x30000, value));
    memory.write<u32>({kOther}, 0);
    CHECK(shadow.dropped == std::vector<u64>{0});
    CHECK(read32(0x30000, value));
}

TEST_CASE_METHOD(Fixture, "A page table's write is seen in the space that kept the page") {
    load(kOther);
    memory.write<u32>({0x50000}, 0x1234);
    set_pte(0x30, 0x50000 | 7);
    REQUIRE_FALSE(read32(0x30000, value));
    CHECK(value == 0x1234);
}

TEST_CASE_METHOD(Fixture, "A page table's write concerns the spaces of the root that used it") {
    use_third(kDirectory, 0x21000);
    use_third(kOther, 0x22000);
    shadow.dropped.clear();
    shadow.roots.clear();
    memory.write<u32>({0x21000}, 0);
    CHECK(shadow.dropped == std::vector<u64>{kThird >> kPageShift});
    CHECK(shadow.roots == std::vector<u64>{kDirectory});
    memory.write<u32>({0x22000}, 0);
    CHECK(shadow.roots == std::vector<u64>{kDirectory, kOther});
}

TEST_CASE_METHOD(Fixture, "What a load of CR3 leaves known through a shared table concerns all") {
    // Bits A differ, or not: found again by a walk, or kept.
    const bool kept = GENERATE(false, true);
    const u32 accessed = kept ? kA : 0;
    memory.write<u32>({0x21000}, 0x40000 | 7);
    memory.write<u32>({kDirectory + 8}, 0x21000 | 7);
    memory.write<u32>({kOther + 8}, 0x21000 | 7 | accessed);
    REQUIRE_FALSE(read32(kThird, value));
    load(kOther);
    const u64 before = walks();
    REQUIRE_FALSE(read32(kThird, value));
    CHECK((walks() == before) == kept);
    shadow.roots.clear();
    memory.write<u32>({0x21000}, 0);
    CHECK(shadow.roots == std::vector<u64>{ShadowObserver::kEveryRoot});
}

TEST_CASE_METHOD(Fixture, "With PAE a directory pointer decides for its gigabyte") {
    constexpr u32 kWide = 0x30000;  // a page directory of PAE's
    memory.write<u64>({kWide}, 0x31000 | 7);
    memory.write<u64>({0x31000 + 0x40 * 8}, 0x40000 | 7);
    memory.write<u64>({0x31000 + 0x41 * 8}, 0x41000 | 7);
    memory.write<u64>({0x32000}, 0x31000 | 7);
    state.cr4 |= kCr4Pae;
    state.pdpte = {kWide | 1, kWide | 1, 0, 0};
    mmu.flush_all();
    REQUIRE_FALSE(read32(0x40000, value));
    REQUIRE_FALSE(read32(0x4004'1000, value));
    shadow.left.clear();
    state.pdpte = {kWide | 1, 0x32000 | 1, 0, 0};
    mmu.change_space();
    CHECK(shadow.left == std::vector<u64>{0x40000});
    const u64 before = walks();
    REQUIRE_FALSE(read32(0x40000, value));
    CHECK(walks() == before);
}

}  // namespace seventeen::mmu
