// Operation: a decoded instruction made ready to run, and the handler that runs it.
#pragma once

#include "core/cpu_state.h"
#include "core/fault.h"
#include "decoder/instruction.h"
#include "interpreter/cpu.h"

namespace seventeen::interpreter {

struct Operation;

// Runs one instruction. CpuState::rip is already the next instruction's address; on a fault nothing
// a guest could see has changed and the loop puts rip back.
using Handler = Fault (*)(Cpu& cpu, const Operation& operation);

struct Operation {
    Handler run = nullptr;
    s32 displacement = 0;
    u32 immediate = 0;     // sign-extended as the instruction uses it
    u32 address_mask = 0;  // 0xffff or 0xffffffff
    u16 immediate2 = 0;    // far selector, ENTER's level
    decoder::Mnemonic mnemonic = decoder::Mnemonic::kInvalid;
    // For a general register: the byte offset of the register within CpuState::gpr (so AH is one
    // more than AX). For every other class: the register's number. Indexed by operand.
    u8 operand[3] = {};
    u8 length = 0;
    u8 base = kNoGpr;
    u8 index = kNoGpr;
    u8 scale = 0;
    SegmentName segment = SegmentName::kDs;
    u8 operand_size = 0;  // 2 or 4
    u8 address_size = 0;  // 2 or 4
    u8 modrm = 0;
    u8 opcode = 0;
    bool rep = false;
    bool repne = false;
    bool ends_block = false;
};

// The memory operand's offset within its segment.
inline u32 effective_address(const CpuState& state, const Operation& operation) {
    const u64 sum = state.gpr[operation.base] + (state.gpr[operation.index] << operation.scale) +
                    static_cast<u64>(static_cast<s64>(operation.displacement));
    return static_cast<u32>(sum) & operation.address_mask;
}

// Fills everything but `run`.
Operation make_operation(const decoder::Instruction& instruction);

}  // namespace seventeen::interpreter
