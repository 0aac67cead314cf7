// Programs whose code keeps being written, so that its pages are loose.
#pragma once

#include <vector>

#include "tests/lockstep/handmade_code.h"

namespace seventeen::lockstep {

// Only DMA writes what runs. What stands between the instructions that it changes:
enum class Between : u8 {
    kNothing,
    kStores,  // to data
    kPort,    // OUT to the bus master, which changes code at once
    kWrite,   // the same by a write to its address
    kRead,    // the same by a read
};
struct DmaProgram {
    Start start;
    std::vector<u32> places;  // of instructions of one byte, INC or DEC
};
DmaProgram make_dma_program(u64 seed, Between between);
// What may be written at such a place.
u8 one_byte_instruction(u64 random);

// An instruction that goes on in the next page. What changes before it runs again:
struct PageEnd {
    bool head = false;     // its bytes in the first page …
    bool tail = false;     // … in the second …
    bool both = false;     // … in both, by one write
    bool dma = false;      // and by the bus master
    bool mapping = false;  // which page comes second
    bool user = false;     // the program is not a kernel's
};
Start make_page_end_program(u64 seed, const PageEnd& changes);

// Generators that rewrite the same places for ever: opcodes, prefixes, immediates, and those that
// become instructions; of all lengths, by all kinds of stores, the very next instruction as well.
Start make_generator_program(u64 seed);

}  // namespace seventeen::lockstep
