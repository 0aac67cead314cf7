// Random instructions, but those that would take a test program away from its author.
#pragma once

#include <random>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::lockstep {

using Random = std::mt19937_64;

// A few random bytes that are an instruction. `tame`: of the user's kind, and one that leaves the
// stack pointer alone and branches only where it has a condition.
std::vector<u8> random_instruction(Random& random, const decoder::Decoder& decoder,
                                   decoder::CodeSize size, bool tame);

}  // namespace seventeen::lockstep
