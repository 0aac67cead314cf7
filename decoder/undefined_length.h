// Undefined length: how many bytes a processor fetches of an opcode that means nothing.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::decoder {

// Opcode, ModRM, SIB, displacement and immediate of an undefined opcode in 16- or 32-bit code; its
// prefixes are not counted. More than rest.size(): at least so many bytes are needed to know.
std::size_t undefined_length(std::span<const u8> rest, u8 operand_size, u8 address_size);

}  // namespace seventeen::decoder
