// Snapshots of a board at work: a copy must go on like its original, a damaged one must do no harm.
#pragma once

#include "tests/fuzz/board.h"

namespace seventeen::fuzz {

// Saves the board and restores it into another; both must save the same bytes, now and after the
// same operations.
void check_snapshot(Board& board, Choices& choices);
// Restores images with changed bytes. One whose checksums are wrong is refused. One that was sealed
// again is refused or makes a board that survives operations.
void damage_snapshot(Board& board, Choices& choices);

}  // namespace seventeen::fuzz
