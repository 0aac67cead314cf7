// Lockstep over page tables that change all the time, under ample and under tiny budgets.
#include <catch2/catch.hpp>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/paging_program.h"

namespace seventeen::lockstep {

namespace {

// Windows from the first instruction.
Plan make_plan(u64 seed) {
    Plan plan;
    plan.limit = 40'000;
    plan.longest_step = 600;
    plan.seed = seed;
    plan.interrupts = 200;
    plan.vectors = 8;
    plan.memory_every = 10;
    plan.options.young_instructions = 0;
    return plan;
}

translator::Statistics check_alike(bool pae, u64 seeds,
                                   const translator::TranslatorOptions& options) {
    translator::Statistics sum;
    const std::string difference = find_difference(seeds, sum, [&](u64 seed) {
        Plan plan = make_plan(seed);
        plan.options = options;
        return run_in_lockstep(make_paging_program({seed, pae}), plan);
    });
    CHECK(difference == "");
    return sum;
}

translator::TranslatorOptions windows_at_once() {
    translator::TranslatorOptions options;
    options.young_instructions = 0;
    return options;
}

void check_format(bool pae) {
    for (const unsigned longest_block : {1u, 9u, 64u}) {
        CAPTURE(longest_block);
        auto options = windows_at_once();
        options.longest_block = longest_block;
        const auto sum = check_alike(pae, 8, options);
        CHECK(sum.fills > 1000);
        CHECK(sum.drops > 300);
        CHECK(sum.invalidated > 300);
        CHECK(sum.table_writes > 300);
    }
}

}  // namespace

TEST_CASE("Page tables of 32-bit entries that change all the time are always as they stand") {
    check_format(false);
}
TEST_CASE("Page tables of 64-bit entries that change all the time are always as they stand") {
    check_format(true);
}

TEST_CASE("Page tables that change are as they stand with few mappings to spend") {
    for (const u64 mappings : {1u, 16u, 1000u}) {
        CAPTURE(mappings);
        auto options = windows_at_once();
        options.window_mappings = mappings;
        const auto sum = check_alike(mappings == 16, 4, options);
        CHECK(sum.fills > 500);
        if (mappings <= 16) CHECK(sum.window_flushes > 50);
    }
}

TEST_CASE("Page tables that change are as they stand in windows that a system call chooses") {
    auto options = windows_at_once();
    options.disabled.set(translator::Trick::kFsgsbase);
    CHECK(check_alike(false, 6, options).fills > 500);
    CHECK(check_alike(true, 6, options).fills > 500);
}

TEST_CASE("Page tables that change are as they stand in windows that are earned and lost") {
    translator::TranslatorOptions options;
    options.young_instructions = 3000;
    const auto sum = check_alike(false, 6, options);
    CHECK(sum.fills > 100);
    const auto always = check_alike(false, 6, windows_at_once());
    CHECK(sum.host_faults < always.host_faults);
}

TEST_CASE("Page tables that change are as they stand with hardly any room for code") {
    for (const bool pae : {false, true}) {
        auto options = windows_at_once();
        options.code_cache_bytes = 32 << 10;
        const auto sum = check_alike(pae, 4, options);
        CHECK(sum.cache_flushes > 50);
    }
}

TEST_CASE("A program with thousands of mappings runs alike on any budget") {
    constexpr u32 kPages = 3000;
    for (const u64 mappings : {16u, 1000u, 40'000u}) {
        CAPTURE(mappings);
        Plan plan;
        plan.limit = 100'000;
        plan.longest_step = 20'000;
        plan.memory_every = 2;
        plan.options = windows_at_once();
        plan.options.window_mappings = mappings;
        const Result result = run_in_lockstep(make_scattered_program(kPages), plan);
        CHECK(describe(result) == "");
        CHECK(result.statistics.fills > kPages);
        CHECK((result.statistics.window_flushes > 2) == (mappings < kPages));
    }
}

}  // namespace seventeen::lockstep
