// Instructions as text, so that a test says on one line what an encoding means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decoder/decoder.h"

namespace seventeen::decoder {

// "66 0f 58 c1" or "660f58c1" → bytes.
std::vector<u8> from_hex(std::string_view text);

// Every field that the encoding decides: "o32 a32 ADD m4 ds:[ebx+esi*4-8], eax"; prefixes that
// remain ("lock", "rep", "repne", "override") follow the sizes.
std::string describe(const Instruction& instruction);

// describe(), or "invalid", "truncated", "too long".
std::string decode_text(std::string_view hex, CodeSize size);

}  // namespace seventeen::decoder
