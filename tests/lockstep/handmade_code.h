// Code that a test makes itself, run in the place of a random program's: as that one, it never
// ends.
#pragma once

#include <array>
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

// `code` starts at `from`.
inline void append_call(Bytes& code, u32 from, u32 to) {
    append(code, {0xe8});
    append_dword(code, to - (from + static_cast<u32>(code.size()) + 4));
}

// An address space: where its page directory lies, and the table of its first 4 MiB.
struct Space {
    u32 directory = 0;
    u32 table = 0;
};

// Two spaces in which the first MiB is where it is, with these rights; the first is
// current.
inline void map_spaces(CpuState& state, mmu::PhysicalMemory& memory,
                       const std::array<Space, 2>& spaces, u32 rights) {
    for (const Space& space : spaces) {
        memory.write<u32>({space.directory}, space.table | rights);
        for (u32 page = 0; page < 256; ++page)
            memory.write<u32>({space.table + page * 4}, page << kPageShift | rights);
    }
    state.cr3 = spaces[0].directory;
    state.cr0 |= kCr0Pg | kCr0Wp;
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

// A program of Setting::kUser, at both ends of whose address space RAM shows.
inline Start show_ram_at_ends(Start start) {
    constexpr u32 kTopTable = 0x4000;
    constexpr u32 kTopPage = 0x50000;
    constexpr u32 kLast = 1023 * 4;
    constexpr u32 kRights = 7;
    start.prepare = [before = start.prepare](CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        memory.write<u32>({kUserTable}, kRights);
        memory.write<u32>({kUserDirectory + kLast}, kTopTable | kRights);
        memory.write<u32>({kTopTable + kLast}, kTopPage | kRights);
    };
    return start;
}

// Whoever returns too often starts again.
inline void fill_stack(mmu::PhysicalMemory& memory, u32 stack) {
    for (u32 at = stack - 0x2000; at < stack + 0x400; at += 4)
        memory.write<u32>({at}, kProgramCode);
}

// The program, which begins where its code does and not in its handler.
inline Start start_at_code(Start start, u32 stack) {
    start.prepare = [before = start.prepare, stack](CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        state.rip = kProgramCode;
        fill_stack(memory, stack);
    };
    return start;
}

}  // namespace seventeen::lockstep
