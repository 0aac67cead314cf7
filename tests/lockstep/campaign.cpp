// The environment's word, and the report.
#include "tests/lockstep/campaign.h"

#include <algorithm>
#include <cstdlib>

namespace seventeen::lockstep {

u64 stress_factor() {
    const char* text = std::getenv("SEVENTEEN_STRESS");
    return text ? std::max<u64>(1, std::strtoull(text, nullptr, 10)) : 1;
}

std::string describe(const Result& result) {
    if (!result.difference) return {};
    const Difference& difference = *result.difference;
    return " after " + std::to_string(difference.last_equal) + " to " +
           std::to_string(difference.retired) + ": " + difference.what +
           "\nas tests/lockstep/found_difference_test.cpp:\n" + difference.test;
}

void add(translator::Statistics& sum, const translator::Statistics& statistics) {
    sum.blocks += statistics.blocks;
    sum.links += statistics.links;
    sum.invalidated += statistics.invalidated;
    sum.loose_blocks += statistics.loose_blocks;
    sum.stale += statistics.stale;
    sum.thunks += statistics.thunks;
    sum.cache_flushes += statistics.cache_flushes;
    sum.entries += statistics.entries;
    sum.interpreted += statistics.interpreted;
    sum.unpaired += statistics.unpaired;
    sum.pair_drops += statistics.pair_drops;
    sum.crossings += statistics.crossings;
    sum.table_writes += statistics.table_writes;
    sum.host_faults += statistics.host_faults;
    sum.fills += statistics.fills;
    sum.drops += statistics.drops;
    sum.protections += statistics.protections;
    sum.window_flushes += statistics.window_flushes;
    sum.soft_sites += statistics.soft_sites;
    for (std::size_t i = 0; i < sum.mnemonics.size(); ++i)
        sum.mnemonics[i] += statistics.mnemonics[i];
}

}  // namespace seventeen::lockstep
