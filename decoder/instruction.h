// Instruction: our small view of one decoded x86 instruction, with its row of the instruction
// table.
#pragma once

#include <array>
#include <span>

#include "core/cpu_state.h"
#include "core/types.h"
#include "decoder/mnemonic.h"

namespace seventeen::decoder {

enum class OperandKind : u8 { kNone, kRegister, kMemory, kImmediate, kRelative, kFarPointer };

enum class RegisterClass : u8 {
    kNone,
    kGpr8,
    kGpr16,
    kGpr32,
    kGpr64,
    kSegment,
    kControl,
    kDebug,
    kX87,
    kMmx,
    kXmm,
};

struct Operand {
    OperandKind kind = OperandKind::kNone;
    RegisterClass register_class = RegisterClass::kNone;
    // Register number as x86 encodes it within its class. kGpr8: 0..3 AL CL DL BL, 4..7 AH CH DH
    // BH (and 20..23 SPL BPL SIL DIL, in 64-bit code only).
    u8 number = 0;
    // Bytes accessed: 1, 2, 4, 8, 10, 16, … ; 0 where an operand only names an address (LEA).
    u16 size = 0;
    bool operator==(const Operand&) const = default;
};

// The memory operand; an instruction has at most one with a ModRM (string instructions have rows
// of their own and use no MemoryOperand but for the segment override).
struct MemoryOperand {
    SegmentName segment = SegmentName::kDs;  // override applied
    u8 base = kNoGpr;                        // Gpr number, or kNoGpr
    u8 index = kNoGpr;
    u8 scale = 0;  // shift count, 0..3
    s64 displacement = 0;
    bool ip_relative = false;  // 64-bit code only: counts from the next instruction
    bool operator==(const MemoryOperand&) const = default;
};

// Where things lie in `bytes`, for the translator: 0 means absent.
struct Layout {
    u8 prefixes = 0;  // how many legacy prefix bytes come first
    u8 modrm = 0;
    u8 sib = 0;
    u8 displacement = 0, displacement_size = 0;
    u8 immediate = 0, immediate_size = 0;
    bool operator==(const Layout&) const = default;
};

enum class CodeSize : u8 { k16, k32, k64 };

struct Instruction {
    Mnemonic mnemonic = Mnemonic::kInvalid;
    u8 length = 0;
    u8 operand_size = 0;  // effective: 2, 4 or 8 bytes, also where operands are bytes or wider
    u8 address_size = 0;  // effective: 2, 4 or 8 bytes
    bool lock = false;
    bool rep = false;    // F3 present (and not a mandatory prefix)
    bool repne = false;  // F2 present (and not a mandatory prefix)
    bool segment_override = false;
    u8 opcode_map = 0;  // 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A
    u8 opcode = 0;
    u8 modrm = 0;
    u8 operand_count = 0;  // visible (written in assembly) operands only
    std::array<Operand, 4> operands{};
    MemoryOperand memory;
    // The (first) immediate, sign-extended as the instruction uses it; a relative branch's
    // displacement; a far pointer's offset.
    s64 immediate = 0;
    // Second immediate (ENTER's level), or a far pointer's selector.
    u16 immediate2 = 0;
    Layout layout;
    std::array<u8, 15> bytes{};

    const Row& row() const { return decoder::row(mnemonic); }
    bool has_memory() const;  // one of the operands is kMemory
    bool operator==(const Instruction&) const = default;
};

}  // namespace seventeen::decoder
