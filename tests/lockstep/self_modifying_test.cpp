// Lockstep over random programs that write their own code in every way, while DMA writes it, too.
#include <catch2/catch.hpp>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/random_program.h"

namespace seventeen::lockstep {

namespace {

// A bus master puts an instruction somewhere into the program.
void write_by_dma(Guest& guest, u64 random) {
    if (random % 3 != 0) return;
    constexpr u64 kFirst = 0x10000;
    constexpr u64 kSize = 0x3000;
    const u8 code[] = {0xb8, static_cast<u8>(random >> 40), 0, 0, 0, 0x40, 0x90, 0x42};
    guest.memory().dma_write({kFirst + (random >> 16) % (kSize - sizeof code)}, code,
                             1 + (random >> 8) % sizeof code);
}

Plan make_plan(u64 seed, unsigned longest_block) {
    Plan plan;
    plan.limit = 25'000;
    plan.longest_step = 400;
    plan.seed = seed;
    plan.interrupts = 48;
    plan.vectors = 8;
    plan.memory_every = 16;
    plan.disturb = &write_by_dma;
    plan.options.longest_block = longest_block;
    plan.options.young_instructions = 0;
    return plan;
}

void check_setting(Setting setting, bool loose_code) {
    for (const unsigned longest_block : {1u, 7u, 64u}) {
        CAPTURE(longest_block, loose_code);
        translator::Statistics statistics;
        const std::string difference = find_difference(10, statistics, [&](u64 seed) {
            Plan plan = make_plan(seed, longest_block);
            if (!loose_code) plan.options.disabled.set(translator::Trick::kLooseCode);
            return run_in_lockstep(make_random_program({setting, seed, Diet::kWrites}), plan);
        });
        CHECK(difference == "");
        if (loose_code) {
            CHECK(statistics.loose_blocks > 200);
            CHECK(statistics.stale > 20);
        } else {
            CHECK(statistics.invalidated > 1000);
        }
    }
}

void check_setting(Setting setting) {
    check_setting(setting, true);
    check_setting(setting, false);
}

}  // namespace

TEST_CASE("Programs that write themselves run alike in flat 32-bit code") {
    check_setting(Setting::kFlat);
}
TEST_CASE("Programs that write themselves through an alias run alike in user code") {
    check_setting(Setting::kUser);
}
TEST_CASE("Programs that write themselves through another segment run alike") {
    check_setting(Setting::kSegmented);
}
TEST_CASE("Programs that write themselves run alike in 16-bit protected mode") {
    check_setting(Setting::kCode16);
}
TEST_CASE("Programs that write themselves run alike in real mode") {
    check_setting(Setting::kReal);
}

}  // namespace seventeen::lockstep
