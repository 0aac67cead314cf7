// SseBench: runs an instruction in the interpreter and natively from one random state, and compares
// registers, flags, MXCSR, x87 state, memory and exceptions.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "interpreter/operation.h"
#include "tests/interpreter/sse_native.h"
#include "tests/interpreter/sse_states.h"
#include "tests/privilege/fixture.h"

namespace seventeen::interpreter {

inline constexpr u32 kSseArea = 0x20'0000;  // the guest's memory operands lie in here
inline constexpr u32 kSseCode = 0x1'0000;

// Prefixes and opcode; the bench adds ModRM and immediate.
using SseOpcode = std::vector<u8>;
using SseCode = std::vector<u8>;

// 66, F2, F3 in front of an opcode.
SseOpcode prefixed(u8 prefix, const SseOpcode& opcode);

// A memory operand is [EDI].
SseCode sse_registers(const SseOpcode& opcode, unsigned reg, unsigned rm);
SseCode sse_memory(const SseOpcode& opcode, unsigned reg);
SseCode with_immediate(SseCode code, u8 immediate);

// Decodes and binds; fails the test where either doesn't know the instruction.
Operation sse_operation(const SseCode& code);

// The forms an opcode has, and how thoroughly to try each.
struct SseForms {
    bool registers = true;
    bool memory = true;
    bool immediate = false;  // random ones follow
    unsigned cases = 400;
};

class SseBench {
  public:
    SseBench();

    // Random states through the host and through the interpreter, in all forms.
    void compare(const SseOpcode& opcode, const SseForms& forms = {});
    void compare_code(const SseCode& code, unsigned cases);

    // Runs one instruction from the state as it stands.
    Fault run(const SseCode& code);

    FpuState& fpu() { return bench.state.fpu; }
    CpuState& state() { return bench.state; }

    privilege::Bench bench;
    Cpu cpu;
    SseStates states{Catch::rngSeed()};

  private:
    static constexpr std::size_t kAreaSize = 64;
    struct alignas(kAreaSize) Area {
        std::array<u8, kAreaSize> bytes;
    };

    void compare_once(const NativeSse& native, const Operation& operation);
    void place(const NativeSseFrame& frame, const Area& area, const Operation& operation);
    std::string differences(const NativeSseFrame& frame, const Area& area, const Fault& fault);

    NativeTraps traps_;
};

}  // namespace seventeen::interpreter
