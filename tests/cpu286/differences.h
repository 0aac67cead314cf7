// What a 286 does differently from the CPUs we model, each with its reason.
#pragma once

#include <string>

#include "tests/cpu286/moo_file.h"

namespace seventeen::cpu286 {

// Why the test does not apply to a later CPU; empty where it does.
std::string deliberate_difference(const MooTest& test);

}  // namespace seventeen::cpu286
