// Random x87 states and operands, with a taste for the numbers where something happens.
#pragma once

#include <array>
#include <random>

#include "core/fpu_state.h"

namespace seventeen::interpreter {

class X87States {
  public:
    explicit X87States(u64 seed) : random_(seed) {}

    u64 word() { return random_(); }
    bool one_in(unsigned n) { return word() % n == 0; }
    unsigned below(unsigned n) { return static_cast<unsigned>(word() % n); }

    // Every kind of 80-bit pattern, unsupported ones too.
    X87Register number();
    // Control word, tags, flags, condition codes, pointers and registers. Nothing is pending.
    FpuState state();
    // Memory for an operand of any type: a float, a double, an extended real, an integer, BCD.
    std::array<u8, 16> operand();

  private:
    u64 significand();
    u16 exponent();

    std::mt19937_64 random_;
};

}  // namespace seventeen::interpreter
