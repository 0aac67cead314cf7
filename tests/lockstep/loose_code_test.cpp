// Lockstep over loose pages, which bear no guard: whatever writes their code, it is what runs.
#include <catch2/catch.hpp>

#include "tests/lockstep/campaign.h"
#include "tests/lockstep/loose_programs.h"

namespace seventeen::lockstep {

namespace {

constexpr u64 kSeeds = 6;

// Long steps leave the code to the translator for a while: where the interpreter has run code, and
// it does before each stop, writes are announced for its sake.
Plan make_plan(u64 seed) {
    Plan plan;
    plan.longest_step = seed % 2 ? 400 : 20'000;
    plan.limit = seed % 2 ? 40'000 : 100'000;
    plan.seed = seed;
    plan.memory_every = 4;
    return plan;
}

// Of programs, each in blocks of one instruction and of many.
template <typename Run>
translator::Statistics check_alike(const Run& run) {
    translator::Statistics sum;
    for (const unsigned longest_block : {1u, 64u}) {
        CAPTURE(longest_block);
        const std::string difference = find_difference(kSeeds, sum, [&](u64 seed) {
            Plan plan = make_plan(seed);
            plan.options.longest_block = longest_block;
            return run(seed, plan);
        });
        CHECK(difference == "");
    }
    return sum;
}

translator::Statistics check_dma(Between between, bool windows) {
    return check_alike([&](u64 seed, Plan& plan) {
        const DmaProgram program = make_dma_program(seed, between);
        if (!windows) plan.options.disabled.set(translator::Trick::kWindows);
        plan.disturb = [&](Guest& guest, u64 random) {
            const u8 byte = one_byte_instruction(random >> 32);
            guest.memory().dma_write({program.places[random % program.places.size()]}, &byte, 1);
        };
        return run_in_lockstep(program.start, plan);
    });
}

translator::Statistics check_page_end(const PageEnd& changes) {
    return check_alike([&](u64 seed, Plan& plan) {
        if (seed % 2) plan.options.disabled.set(translator::Trick::kYoungSoft);
        return run_in_lockstep(make_page_end_program(seed, changes), plan);
    });
}

void write_anywhere(Guest& guest, u64 random) {
    const u8 byte = one_byte_instruction(random >> 32);
    guest.memory().dma_write({kProgramCode + random % kProgramSize}, &byte, 1);
}

// Or nothing is shown of loose pages.
void check_were_loose(const translator::Statistics& sum, u64 least = 1500) {
    CHECK(sum.loose_blocks > least);
    CHECK(sum.stale > least);
}

}  // namespace

TEST_CASE("DMA between two runs changes code on loose pages") {
    check_were_loose(check_dma(Between::kNothing, true));
}

TEST_CASE("DMA changes code on loose pages that an instruction behind a store is") {
    check_were_loose(check_dma(Between::kStores, true));
}

TEST_CASE("DMA that the running block asks for changes code on loose pages, its own too") {
    for (const Between between : {Between::kPort, Between::kWrite, Between::kRead}) {
        for (const bool windows : {true, false}) {
            CAPTURE(windows, static_cast<int>(between));
            check_were_loose(check_dma(between, windows));
        }
    }
}

TEST_CASE("An instruction across the end of a loose page is patched in either page") {
    PageEnd changes;
    SECTION("in its head") {
        changes.head = true;
    }
    SECTION("in its tail") {
        changes.tail = true;
    }
    SECTION("in both at once") {
        changes.both = true;
    }
    SECTION("anywhere") {
        changes.head = changes.tail = changes.both = true;
    }
    SECTION("anywhere, by DMA as well") {
        changes.head = changes.tail = changes.both = changes.dma = true;
    }
    check_were_loose(check_page_end(changes));
}

TEST_CASE("An instruction across the end of a loose page goes on where page tables say") {
    PageEnd changes;
    changes.mapping = true;
    SECTION("patched in its head") {
        changes.head = true;
    }
    SECTION("patched in its tail") {
        changes.tail = true;
    }
    SECTION("patched anywhere") {
        changes.head = changes.tail = changes.both = changes.dma = true;
    }
    SECTION("in user code, patched anywhere") {
        changes.head = changes.tail = changes.both = changes.user = true;
    }
    check_were_loose(check_page_end(changes));
}

TEST_CASE("Generators that rewrite opcodes, prefixes and immediates for ever run what they wrote") {
    for (const bool dma : {false, true}) {
        CAPTURE(dma);
        const auto sum = check_alike([&](u64 seed, Plan& plan) {
            plan.interrupts = 20;
            plan.vectors = 8;
            if (dma) plan.disturb = &write_anywhere;
            return run_in_lockstep(make_generator_program(seed), plan);
        });
        check_were_loose(sum, 5000);
    }
}

}  // namespace seventeen::lockstep
