// Accesses always see the page tables in memory: known traps, and random steps in lockstep.
#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "tests/mmu/board.h"
#include "tests/mmu/lockstep.h"

namespace seventeen::mmu {
namespace {

constexpr u32 kData = 0x40000;

struct Fixture : Board {
    u32 value = 0;
    Fixture() { identity_map(); }
    Fault read_user(u32 linear) { return read32(linear, value, kUser); }
};

// Ways in which a guest (or a chip) can change a page-table entry.
enum class Path { kMapped, kPhysical, kDma, kAlias };

TEST_CASE_METHOD(Fixture, "A changed entry is seen at once, whoever changed it and how") {
    const Path path = GENERATE(Path::kMapped, Path::kPhysical, Path::kDma, Path::kAlias);
    memory.map_ram({0x200000}, kPageSize, kTable);
    const auto set = [&](u64 page, u32 entry) {
        const u64 at = kTable + page * 4;
        switch (path) {
            case Path::kMapped: REQUIRE_FALSE(write32(static_cast<u32>(at), entry)); break;
            case Path::kPhysical: memory.write<u32>({at}, entry); break;
            case Path::kDma: memory.dma_write({at}, &entry, 4); break;
            case Path::kAlias: memory.write<u32>({0x200000 + page * 4}, entry); break;
        }
    };
    memory.write<u32>({kData}, 1);
    memory.write<u32>({0x50000}, 2);
    for (int round = 0; round < 100; ++round) {
        set(0x40, kData | 7);
        REQUIRE_FALSE(read_user(kData));
        CHECK(value == 1);
        REQUIRE_FALSE(write32(kData, 1, kUser));
        set(0x40, 0x50000 | 7);
        const u64 generation = mmu.fetch_generation();
        REQUIRE_FALSE(read_user(kData));
        CHECK(value == 2);
        set(0x40, 0x50000 | kP | kU);
        CHECK(mmu.fetch_generation() > generation);
        CHECK(write32(kData, 3, kUser).error_code == 7);
        set(0x40, 0);
        CHECK(read_user(kData).error_code == 4);
        set(0x40, 0x50000 | 3);
        CHECK(read_user(kData).error_code == 5);
        REQUIRE_FALSE(read32(kData, value));
    }
}

TEST_CASE_METHOD(Fixture, "A and D bits that a guest clears are set again by the next access") {
    REQUIRE_FALSE(write32(kData, 1));
    REQUIRE_FALSE(write32(kTable + 0x40 * 4, kData | 7));
    memory.write<u32>({kDirectory}, kTable | 7);
    REQUIRE_FALSE(read32(kData, value));
    CHECK(pte(0x40) == (kData | 7 | kA));
    CHECK(pde(0) == (kTable | 7 | kA));
    REQUIRE_FALSE(write32(kData, 2));
    CHECK(pte(0x40) == (kData | 7 | kA | kD));
}

TEST_CASE_METHOD(Fixture, "MOV CR3 brings in the new tables, for global pages too") {
    set_pte(0x40, kData | 7 | kG);
    state.cr4 |= kCr4Pge;
    mmu.flush_all();
    memory.write<u32>({kData}, 1);
    memory.write<u32>({0x50000}, 2);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 1);
    memory.write<u32>({0x20000}, 0x21000 | 7);
    memory.write<u32>({0x21000 + 0x40 * 4}, 0x50000 | 7 | kG);
    state.cr3 = 0x20000;
    mmu.change_space();
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 2);
    CHECK(read_user(0x30000).error_code == 4);
}

TEST_CASE_METHOD(Fixture, "Pages that displace each other in the TLB are still coherent") {
    // 4 MiB apart: the same line. Each page's entry is dropped though another was there meanwhile.
    memory.write<u32>({kDirectory + 4}, 0x30000 | 7);
    memory.write<u32>({0x30000 + 0x40 * 4}, 0x50000 | 7);
    memory.write<u32>({kData}, 1);
    memory.write<u32>({0x50000}, 2);
    memory.write<u32>({0x60000}, 3);
    PhysicalAddress physical;
    REQUIRE_FALSE(mmu.fetch({kData}, kUser, physical));
    const u64 generation = mmu.fetch_generation();
    REQUIRE_FALSE(mmu.fetch({0x400000 + kData}, kUser, physical));
    CHECK(mmu.fetch_generation() == generation);
    set_pte(0x40, 0x60000 | 7);  // an engine may still hold the first page
    CHECK(mmu.fetch_generation() > generation);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 3);
    REQUIRE_FALSE(read_user(0x400000 + kData));
    CHECK(value == 2);
    REQUIRE_FALSE(read_user(kData));
    CHECK(value == 3);
}

TEST_CASE_METHOD(Fixture, "A write may hit the very table that translates it") {
    REQUIRE_FALSE(write32(kTable, pte(0)));  // the table is mapped, and now in use for itself
    // kTable's own entry: the page moves away beneath the write.
    REQUIRE_FALSE(write32(kTable + (kTable >> 12) * 4, 0x50000 | 7));
    REQUIRE_FALSE(write32(kTable, 0x12345678));
    CHECK(memory.read<u32>({0x50000}) == 0x12345678);
    CHECK((pte(0) & ~(kA | kD)) == 7);
}

class RandomSource final : public Source {
  public:
    explicit RandomSource(u64 seed) : generator_(seed) {}
    u32 below(u32 bound) override { return static_cast<u32>(generator_() >> 32) % bound; }

  private:
    std::mt19937_64 generator_;
};

TEST_CASE("Every access sees the page tables as they stand in memory") {
    constexpr int kSteps = 10000;
    Lockstep::Counts total;
    u64 announcements = 0;
    for (u64 seed = 1; seed <= 12; ++seed) {
        RandomSource source(seed);
        const auto machine = std::make_unique<Lockstep>(source);
        for (int step = 0; step < kSteps; ++step) {
            const std::string difference = machine->step();
            if (!difference.empty())
                FAIL("seed " << seed << " step " << step << ": " << difference);
        }
        const Lockstep::Counts& counts = machine->counts();
        total.accesses += counts.accesses;
        total.faults += counts.faults;
        total.fetches_kept += counts.fetches_kept;
        announcements += machine->announcements();
        total.breakpoints += counts.breakpoints;
        total.runs += counts.runs;
        for (std::size_t i = 0; i < counts.codes.size(); ++i) total.codes[i] += counts.codes[i];
    }
    INFO("accesses " << total.accesses << " faults " << total.faults << " kept "
                     << total.fetches_kept << " announcements " << announcements << " breakpoints "
                     << total.breakpoints << " runs " << total.runs);
    // The steps must reach what they are meant to test.
    CHECK(total.accesses > 30000);
    CHECK(total.faults < total.accesses * 3 / 4);
    CHECK(total.fetches_kept > 200);
    CHECK(announcements > 1000);
    CHECK(total.breakpoints > 100);
    CHECK(total.runs > 500);
    for (const u32 code :
         {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 9u, 11u, 13u, 15u, 16u, 17u, 20u, 21u, 25u, 29u}) {
        if (code == 1) continue;  // a supervisor's read of a page that exists is always permitted
        INFO("error code " << code);
        CHECK(total.codes[code] > 0);
    }
    CHECK(total.codes[1] == 0);
}

}  // namespace
}  // namespace seventeen::mmu
