// Compare: what two runs of a case left behind, value by value.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/oracle/case.h"

namespace seventeen::oracle {

// A finished run: the outcome and the memory it left.
struct Result {
    const Outcome& outcome;
    std::span<const u8, kMemorySize> memory;
};

struct Difference {
    std::string what;  // "EAX", "EFLAGS", "ST(3)", "memory 10010020", …
    std::string expected;
    std::string actual;
    u32 flags = 0;  // for EFLAGS: the bits that differ
};

// Quick: do the runs agree in everything?
bool same(const Result& expected, const Result& actual);
// Thorough: in what do they differ? Empty exactly where same() holds.
std::vector<Difference> differences(const Result& expected, const Result& actual);

}  // namespace seventeen::oracle
