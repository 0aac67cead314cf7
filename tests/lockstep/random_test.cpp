// Lockstep over random programs, in every kind of mode, with interrupts anywhere.
#include <catch2/catch.hpp>

#include "tests/lockstep/random_program.h"

namespace seventeen::lockstep {

namespace {

void check_alike(Setting setting, Diet diet, unsigned longest_block, u64 seeds) {
    for (u64 seed = 1; seed <= seeds; ++seed) {
        Plan plan;
        plan.limit = 30'000;
        plan.longest_step = 400;
        plan.seed = seed;
        plan.interrupts = 64;
        plan.vectors = 8;
        plan.memory_every = 8;
        plan.options.longest_block = longest_block;
        const Result result = run_in_lockstep(make_random_program({setting, seed, diet}), plan);
        if (result.difference) {
            const Difference& difference = *result.difference;
            INFO("seed " << seed << ", block " << longest_block << ", after "
                         << difference.last_equal << " to " << difference.retired << ": "
                         << difference.what << "\n"
                         << difference.test);
            FAIL();
        }
    }
}

void check_setting(Setting setting) {
    for (const Diet diet : {Diet::kTame, Diet::kAll, Diet::kFpu}) {
        for (const unsigned longest_block : {1u, 5u, 64u})
            check_alike(setting, diet, longest_block, 12);
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
