// Spells numbers for messages.
#include "core/text.h"

#include <array>
#include <charconv>

namespace seventeen {

std::string hex(u64 value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

}  // namespace seventeen
