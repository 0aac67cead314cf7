// What engines ask about one instruction that its row alone can't answer.
#pragma once

#include "decoder/instruction.h"

namespace seventeen::decoder {

// What a CPU model must have, or the instruction is #UD: its row's feature, except where forms of
// one mnemonic came at different times (PADDB mm and PADDB xmm).
Feature required_feature(const Instruction& instruction);

// After it an engine must look around before it runs the next instruction, for one of these:
//  - the next instruction is not simply the one that follows: control transfers, interrupts;
//  - what the next bytes mean, or where they lie, may change: CR0..CR4, SS (its B bit), INVLPG;
//  - an interrupt may become deliverable or must be held off: STI, POPF, IRET, loads of SS, HLT;
//  - it reaches a device or a model-specific register: IN, OUT, INS, OUTS, WRMSR;
//  - breakpoints change: writes of debug registers;
//  - it retires more than one instruction: repeated string instructions.
// Loads of other segment registers do not: an engine whose blocks assume something of those ends
// them there on its own account.
bool ends_block(const Instruction& instruction);

// Repeats under F2 or F3: retires one instruction for each iteration.
bool is_repeated_string(const Instruction& instruction);

// The row's columns, made exact by this instruction's operands. Masks of arithmetic flags and DF.
struct FlagUse {
    u32 read = 0;
    u32 written = 0;    // set to a defined value in every case
    u32 undefined = 0;  // the manuals leave them open, in some case at least
    u32 touched = 0;    // may differ afterwards; all others are kept in every case
    bool operator==(const FlagUse&) const = default;
};
FlagUse flag_use(const Instruction& instruction);

}  // namespace seventeen::decoder
