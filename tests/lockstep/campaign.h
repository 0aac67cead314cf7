// How the random tests run: short in ./test, as long as one likes by SEVENTEEN_STRESS=FACTOR.
#pragma once

#include <string>

#include "tests/lockstep/lockstep.h"

namespace seventeen::lockstep {

// So many times the usual number of seeds; 1 unless the environment says otherwise.
u64 stress_factor();

// Seeds 1 to `seeds` times stress_factor(): `run(seed)` is a Result. What differs, with its seed,
// or nothing; the statistics are added up.
template <typename Run>
std::string find_difference(u64 seeds, translator::Statistics& sum, const Run& run);

std::string describe(const Result& result);
void add(translator::Statistics& sum, const translator::Statistics& statistics);

template <typename Run>
std::string find_difference(u64 seeds, translator::Statistics& sum, const Run& run) {
    for (u64 seed = 1; seed <= seeds * stress_factor(); ++seed) {
        const Result result = run(seed);
        add(sum, result.statistics);
        if (result.difference) return "seed " + std::to_string(seed) + describe(result);
    }
    return {};
}

}  // namespace seventeen::lockstep
