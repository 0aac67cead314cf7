// Excerpt: a few instructions cut out of a run, with all that they need, and the test made of them.
//
// The instructions are run by the interpreter on a board of their own, where every physical page is
// a device that notes what is read and answers with the original's bytes. So descriptor tables,
// page tables and code are found like any other operand. Chips are not taken along.
#pragma once

#include <string>
#include <vector>

#include "core/cpu_state.h"
#include "mmu/physical_memory.h"

namespace seventeen::debugger {

struct MemoryPiece {
    u64 address = 0;  // physical
    std::vector<u8> bytes;
};

// From where, and how far.
struct ExcerptRequest {
    std::string model;
    const CpuState& state;
    mmu::PhysicalMemory& memory;  // is only read
    u64 instructions = 1;
    u8 vector = 0xff;  // brought by an interrupt that is pending
};

struct Excerpt {
    std::string model;
    CpuState state;
    u64 instructions = 1;
    u8 vector = 0xff;
    u64 ram = 0;  // from address 0 on
    bool a20 = true;
    std::vector<MemoryPiece> memory;  // what is not zero of all that is read
    // It reached chips, or memory beyond `ram`, and does without.
    bool incomplete = false;
};

Excerpt make_excerpt(const ExcerptRequest& request);

// A source file for tests/lockstep: interpreter and translator run the excerpt alike. `settings`
// are statements that prepare its Plan.
std::string test_source(const Excerpt& excerpt, const std::vector<std::string>& settings);

}  // namespace seventeen::debugger
