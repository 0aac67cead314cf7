// formatted: printf into a string, for tables of numbers.
#pragma once

#include <string>

namespace seventeen::app {

[[gnu::format(printf, 1, 2)]] std::string formatted(const char* pattern, ...);

}  // namespace seventeen::app
