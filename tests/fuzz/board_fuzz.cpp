// Fuzzes a whole PC through its registers: bytes choose the operations of a guest.
#include "tests/fuzz/board_operations.h"

extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    seventeen::fuzz::ByteChoices choices({data, size});
    seventeen::fuzz::Board board(choices.byte());
    while (!choices.exhausted()) seventeen::fuzz::operate(board, choices);
    return 0;
}
