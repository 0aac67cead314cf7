// UTF-16: names that Windows programs wrote, as UTF-8.
#pragma once

#include <span>
#include <string>

#include "core/types.h"

namespace seventeen::storage {

// Up to the first NUL or the end; an unpaired surrogate becomes U+FFFD.
std::string utf8_of_little_utf16(std::span<const u8> bytes);
std::string utf8_of_big_utf16(std::span<const u8> bytes);

}  // namespace seventeen::storage
