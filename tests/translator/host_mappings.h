// What the host has mapped in this process, by its own account.
#pragma once

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen::translator {

struct Mapping {
    u64 first = 0;
    u64 end = 0;
    std::string rights;
};

// Those of this process that have a byte in [first, end).
inline std::vector<Mapping> mappings_within(u64 first, u64 end) {
    std::vector<Mapping> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        Mapping mapping;
        char rights[5] = {};
        unsigned long from = 0;
        unsigned long to = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, rights) != 3) continue;
        mapping = {from, to, rights};
        if (mapping.first < end && mapping.end > first) found.push_back(mapping);
    }
    return found;
}

}  // namespace seventeen::translator
