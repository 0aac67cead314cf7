// Disassembly: an instruction's bytes as text in Intel syntax, for people to read.
//
// Nothing is decided by it, and it knows instructions that no model of ours has.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "decoder/instruction.h"

namespace seventeen::decoder {

struct Disassembly {
    std::string text;
    unsigned length = 0;
    std::optional<u64> target;  // of a relative branch
};

// The first of `bytes`' instructions, which lies at `address`. Where there is none, one byte.
Disassembly disassemble(std::span<const u8> bytes, CodeSize size, u64 address);

}  // namespace seventeen::decoder
