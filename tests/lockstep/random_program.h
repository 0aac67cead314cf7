// Random programs: instructions of all kinds that run for ever, whatever they do to themselves.
//
// Every exception and interrupt leads to a handler in ROM, which sets stack, segments and registers
// and goes on somewhere else in the program. So code is entered in the middle of instructions, and
// writes itself, and the run still goes on.
#pragma once

#include "tests/lockstep/lockstep.h"

namespace seventeen::lockstep {

enum class Setting : u8 {
    kFlat,       // 32-bit, CPL 0, flat segments, no paging
    kUser,       // 32-bit, CPL 3, flat segments, paging with tables that the program can write
    kSegmented,  // 32-bit, CPL 0, segments with bases and limits
    kCode16,     // 16-bit protected mode on a 16-bit stack
    kReal,       // real mode
};

enum class Diet : u8 {
    kAll,
    kTame,    // only instructions of the user's kind, no faults on purpose: mostly fast paths
    kFpu,     // mostly x87, MMX and SSE, under changing control words; CR0.TS comes and goes
    kWrites,  // tame, but every fifth instruction or so writes to code; the handler restores it
};

// Where its code lies, and how long that is.
constexpr u32 kProgramCode = 0x10000;
constexpr u32 kProgramSize = 0x3000;
// Where its handler goes on: so many addresses at this place of its firmware.
constexpr u32 kHandlerTargets = 0x2000;
constexpr u32 kHandlerTargetCount = 256;
// The page tables of Setting::kUser.
constexpr u32 kUserDirectory = 0x2000;
constexpr u32 kUserTable = 0x3000;

struct RandomProgram {
    Setting setting = Setting::kFlat;
    u64 seed = 1;
    Diet diet = Diet::kAll;
};

Start make_random_program(const RandomProgram& program);

}  // namespace seventeen::lockstep
