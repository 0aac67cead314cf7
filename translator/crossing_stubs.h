// Stubs that cross privilege levels as they were crossed before (crossings.h).
#pragma once

#include <array>

#include "translator/code_cache.h"
#include "translator/crossings.h"

namespace seventeen::translator {

// One for each kind. r8d is the EIP that INT pushes, r9d the crossing's place, r10d its key; ESP is
// r12, the flags are in r11. ZF says whether it is done: then r8d is the new EIP, r11 and r12 are
// the new flags and ESP, and CpuState and Context have the rest. Else nothing has changed. Uses r8
// to r10 and EFLAGS.
using CrossingStubs = std::array<const u8*, static_cast<std::size_t>(CrossingKind::kCount)>;

CrossingStubs make_crossing_stubs(CodeCache& cache);

}  // namespace seventeen::translator
