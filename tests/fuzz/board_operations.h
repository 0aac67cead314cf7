// The operations of the board fuzzers: what a guest, or its user, can do to a machine.
#pragma once

#include "tests/fuzz/board.h"

namespace seventeen::fuzz {

// One operation: a burst of accesses, a chip's program, an input, some time, a snapshot … A broken
// promise ends the process by check(); nothing a guest does throws. Returns what it was.
const char* operate(Board& board, Choices& choices);

}  // namespace seventeen::fuzz
