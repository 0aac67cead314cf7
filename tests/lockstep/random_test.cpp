// Lockstep over random programs, in every kind of mode, with interrupts anywhere.
#include <catch2/catch.hpp>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/random_program.h"

namespace seventeen::lockstep {

namespace {

Plan make_plan(u64 seed, unsigned longest_block) {
    Plan plan;
    plan.limit = 30'000;
    plan.longest_step = 400;
    plan.seed = seed;
    plan.interrupts = 64;
    plan.vectors = 8;
    plan.memory_every = 8;
    plan.options.longest_block = longest_block;
    if (seed % 2 == 0) plan.options.young_instructions = 0;
    if (seed % 4 == 3) plan.options.young_instructions = 5000;  // windows come and go
    if (seed % 4 == 1) plan.options.disabled.set(translator::Trick::kDenseCount);
    return plan;
}

void check_alike(Setting setting, Diet diet, unsigned longest_block) {
    CAPTURE(longest_block);
    translator::Statistics statistics;
    const std::string difference = find_difference(12, statistics, [&](u64 seed) {
        return run_in_lockstep(make_random_program({setting, seed, diet}),
                               make_plan(seed, longest_block));
    });
    CHECK(difference == "");
}

void check_setting(Setting setting) {
    for (const Diet diet : {Diet::kTame, Diet::kAll, Diet::kFpu}) {
        for (const unsigned longest_block : {1u, 5u, 64u})
            check_alike(setting, diet, longest_block);
    }
}

}  // namespace

TEST_CASE("Random programs run alike in flat 32-bit code") {
    check_setting(Setting::kFlat);
}
TEST_CASE("Random programs run alike in user code under paging") {
    check_setting(Setting::kUser);
}
TEST_CASE("Random programs run alike with segments that are not flat") {
    check_setting(Setting::kSegmented);
}
TEST_CASE("Random programs run alike in 16-bit protected mode") {
    check_setting(Setting::kCode16);
}
TEST_CASE("Random programs run alike in real mode") {
    check_setting(Setting::kReal);
}

}  // namespace seventeen::lockstep
