// Lockstep: the same program under the interpreter and another engine, compared as it runs.
//
// Both machines run to the same instruction counts, chosen at random, with interrupts raised at
// some of them; at each, all of CpuState is compared, and memory. Where they differ, the last equal
// state is cloned and stepped through instruction by instruction, until one instruction is to
// blame.
#pragma once

#include <optional>
#include <string>

#include "tests/lockstep/guest.h"
#include "translator/options.h"
#include "translator/statistics.h"

namespace seventeen::lockstep {

struct Plan {
    u64 limit = 1'000'000;    // instructions
    u64 shortest_step = 1;    // between two comparisons; chosen at random …
    u64 longest_step = 1000;  // … up to this
    u64 seed = 1;
    unsigned interrupts = 0;  // of 256 stops, how many raise an interrupt
    u8 first_vector = 0x20;   // vectors to choose from
    u8 vectors = 1;
    u64 memory_every = 1;  // compare RAM at every n-th stop
    // What else happens at each stop, to all machines alike: `random` is the same for each.
    std::function<void(Guest& guest, u64 random)> disturb;
    translator::TranslatorOptions options;
};

struct Difference {
    u64 last_equal = 0;  // retired instructions
    u64 retired = 0;
    std::string what;  // which fields, with both values
    // A source file for tests/lockstep that shows the difference by itself, from as few
    // instructions as will do. Empty where it takes more than the state and the memory before them.
    std::string test;
};

struct Result {
    u64 retired = 0;
    bool ended = false;
    std::string console;
    translator::Statistics statistics;
    std::optional<Difference> difference;
};

Result run_in_lockstep(const Start& start, const Plan& plan);

// What differs between two guests ("EAX 1 2, RAM at 0x1000 …"), or nothing.
std::string describe_difference(const Guest& expected, const Guest& found, bool compare_memory);

}  // namespace seventeen::lockstep
