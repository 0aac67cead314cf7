// Random code for the x87, MMX and SSE units, whose operands are mostly numbers at fit addresses.
#pragma once

#include <random>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::lockstep {

class RandomFpuCode {
  public:
    using Random = std::mt19937_64;

    // `data`: where the program's data starts, as an offset in DS; 64 KiB of it are used.
    RandomFpuCode(Random& random, decoder::CodeSize size, u32 data);

    // Adds an instruction that works on one of the units, or one of the short sequences that set
    // them up: control words, whole states, pointers for memory operands.
    void append(std::vector<u8>& code);

  private:
    void append_pointer(std::vector<u8>& code);
    void append_setup(std::vector<u8>& code);
    void append_control_word(std::vector<u8>& code);
    void append_mxcsr(std::vector<u8>& code);
    void append_instruction(std::vector<u8>& code);
    std::vector<u8> random_bytes();
    bool chance(unsigned percent) { return random_() % 100 < percent; }

    Random& random_;
    decoder::Decoder decoder_;
    decoder::CodeSize size_;
    u32 data_;
};

// Numbers of all formats and kinds: denormal, infinite, not a number; and integers.
std::vector<u8> random_numbers(std::mt19937_64& random, std::size_t size);

}  // namespace seventeen::lockstep
