// What the tests that need the host CPU share: the CPU itself, where there is one to use.
#pragma once

#include <catch2/catch.hpp>

#include <memory>

#include "tests/oracle/native_linux.h"

namespace seventeen::oracle {

// nullptr, with a word in the test's output, where this host or process cannot run 32-bit code.
inline std::unique_ptr<NativeCpu> host_or_skip() {
    const std::string why = NativeCpu::unavailable();
    if (why.empty()) return std::make_unique<NativeCpu>();
    WARN("skipped: " << why);
    return nullptr;
}

// A start state with a usable stack.
inline Registers plain_registers() {
    Registers registers;
    registers.eip = kCode.base;
    registers[Gpr::kSp] = kStack.base + 0x800;
    return registers;
}

// Runs instructions on either CPU, from kCode.base with clear memory.
template <typename Cpu>
Outcome run_code(Cpu& cpu, Bytes code, const Registers& registers = plain_registers()) {
    append_exit_jump(code, code_size(registers[SegmentName::kCs]));
    std::fill(cpu.memory().begin(), cpu.memory().end(), u8{0});
    cpu.load_code(kCode.base, code);
    return cpu.run(registers);
}

}  // namespace seventeen::oracle
