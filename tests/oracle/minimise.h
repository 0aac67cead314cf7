// Minimise: makes a failing case as small as it can be while it still fails.
#pragma once

#include "tests/oracle/runner.h"

namespace seventeen::oracle {

// Drops instructions, clears registers and memory. The runner has run the result last.
void minimise(Runner& runner, Case& test);

// Index of the first instruction after which host and guest differ.
std::size_t first_difference(Runner& runner, const Case& test);

}  // namespace seventeen::oracle
