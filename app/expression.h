// Expressions as the monitor takes them: numbers, $registers, + - * / % & | ^ << >> ~ ( ).
#pragma once

#include <optional>
#include <string_view>

#include "core/cpu_state.h"

namespace seventeen::app {

// A register by its name in lower case; `pc` is the linear address of the next instruction.
std::optional<u64> register_named(std::string_view name, const CpuState& cpu);

// Throws Error where the text makes no sense. Numbers are decimal, or hexadecimal after 0x.
u64 evaluate(std::string_view text, const CpuState& cpu);

}  // namespace seventeen::app
