// X87Bench: runs an instruction in the interpreter and natively from one random state, and compares
// everything.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "interpreter/operation.h"
#include "tests/interpreter/x87_native.h"
#include "tests/interpreter/x87_states.h"
#include "tests/privilege/fixture.h"

namespace seventeen::interpreter {

inline constexpr u32 kX87Operand = 0x20'0000;  // where EDX points in the guest
inline constexpr u32 kX87Code = 0x1'0000;

// An instruction's bytes; a memory operand is [EDX].
using X87Code = std::vector<u8>;

inline X87Code x87_register(u8 escape, unsigned modrm) {
    return {escape, static_cast<u8>(modrm)};
}
inline X87Code x87_memory(u8 escape, unsigned field) {
    return {escape, static_cast<u8>(field << 3 | 2)};
}

// Decodes and binds; fails the test where either doesn't know the instruction.
Operation x87_operation(const X87Code& code);

class X87Bench {
  public:
    X87Bench();

    // `cases` random states through the host and through the interpreter.
    void compare(const X87Code& code, unsigned cases = 2000);
    // The same from one state; flags may be pending where the instruction doesn't wait.
    void compare_once(NativeX87& native, const Operation& operation, const FpuState& before);

    // Runs one instruction from the state as it stands.
    Fault run(const X87Code& code);

    FpuState& fpu() { return bench.state.fpu; }

    privilege::Bench bench;
    Cpu cpu;
    X87States states{Catch::rngSeed()};

  private:
    void place(const NativeFrame& frame, const FpuState& before, const Operation& operation);
    // Between the guest as it is and the host's `frame`; empty where there are none.
    std::string differences(const NativeFrame& frame, u32 native_address);
};

}  // namespace seventeen::interpreter
