// SseStates: random MMX and SSE states in which the interesting values are common.
#pragma once

#include <random>

#include "core/flags.h"
#include "core/fpu_state.h"
#include "tests/interpreter/sse_native.h"

namespace seventeen::interpreter {

class SseStates {
  public:
    explicit SseStates(u64 seed) : random_(seed) {}

    u64 word() { return random_(); }
    bool one_in(unsigned n) { return random_() % n == 0; }
    // Lanes of one kind: numbers near the edges of their format, text, small integers, any bits.
    XmmRegister operand();
    // Everything but AX..DI's addresses; often with unmasked exceptions, at times with an x87
    // exception pending.
    NativeSseFrame frame();

  private:
    u32 single();
    u64 double_precision();
    u32 mxcsr();

    std::mt19937_64 random_;
};

}  // namespace seventeen::interpreter
