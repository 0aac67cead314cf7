// The names that listings use for what code works on.
#pragma once

#include <string>

#include "translator/block.h"

namespace seventeen::translator {

std::string kind_text(Site::Kind kind);
std::string site_text(const Site& site);
std::string mode_text(const Mode& mode);
// Memory operands relative to r14 and r15 become fields of CpuState and Context.
std::string with_fields(const std::string& instruction);

}  // namespace seventeen::translator
