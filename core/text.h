// Text: how messages spell numbers.
#pragma once

#include <string>

#include "core/types.h"

namespace seventeen {

std::string hex(u64 value);  // 0x3f8

}  // namespace seventeen
