// Code that a test makes itself, run in the place of a random program's: as that one, it never
// ends.
#pragma once

#include <initializer_list>
#include <vector>

#include "tests/lockstep/random_instruction.h"
#include "tests/lockstep/random_program.h"

namespace seventeen::lockstep {

using Bytes = std::vector<u8>;

inline void append(Bytes& code, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) code.push_back(static_cast<u8>(byte));
}
inline void append_dword(Bytes& code, u32 value) {
    for (unsigned i = 0; i < 4; ++i) code.push_back(static_cast<u8>(value >> 8 * i));
}

// Room for what a test appends at once.
inline bool has_room(const Bytes& code) {
    return code.size() < kProgramSize - 64;
}

// The program, with other code, which is led back to its start.
inline Start replace_code(const RandomProgram& program, Bytes code) {
    code.resize(kProgramSize - 5, 0x90);
    append(code, {0xe9});
    append_dword(code, 0u - kProgramSize);
    Start start = make_random_program(program);
    start.prepare = [before = start.prepare, code = std::move(code)](CpuState& state,
                                                                     mmu::PhysicalMemory& memory) {
        before(state, memory);
        memory.write({kProgramCode}, code.data(), code.size());
    };
    return start;
}

}  // namespace seventeen::lockstep
