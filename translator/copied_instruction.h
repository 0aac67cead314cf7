// Copying: a guest instruction's bytes for 64-bit code, with ESP in r12 and memory where we say.
#pragma once

#include <array>
#include <span>

#include "decoder/instruction.h"

namespace seventeen::translator {

// What becomes of the memory operand.
enum class MemoryForm : u8 {
    kNone,      // there is none
    kAddress,   // LEA: as it stands, no memory is touched
    kPointer,   // [r8 + r9]: the soft form
    kWindow,    // gs:[as it stands], for 32-bit addressing
    kWindowR8,  // gs:[r8d]
};

struct CopiedInstruction {
    std::array<u8, 20> bytes{};
    u8 size = 0;  // 0: has no such encoding in 64-bit mode

    std::span<const u8> code() const { return {bytes.data(), size}; }
};

// Keeps opcode, ModRM, SIB, displacement and immediate where possible. LOCK is dropped: there is
// one CPU. ESP as a base is r12 and `stack_delta` more. Fails where AH, CH, DH or BH meets a
// register that needs a REX prefix.
CopiedInstruction copy_instruction(const decoder::Instruction& instruction, MemoryForm form,
                                   s32 stack_delta = 0);

}  // namespace seventeen::translator
