// The sixteen conditions of Jcc, SETcc and CMOVcc (SDM 2, appendix B.1.4.7).
#pragma once

#include "core/flags.h"

namespace seventeen::interpreter {

// The low bit of `code` inverts the condition that the other three name.
template <unsigned kCode>
bool condition_holds(const ArithmeticFlags& flags) {
    constexpr unsigned kBase = kCode >> 1;
    bool holds;
    if constexpr (kBase == 0) holds = flags.of();
    if constexpr (kBase == 1) holds = flags.cf();
    if constexpr (kBase == 2) holds = flags.zf();
    if constexpr (kBase == 3) holds = flags.cf() || flags.zf();
    if constexpr (kBase == 4) holds = flags.sf();
    if constexpr (kBase == 5) holds = flags.pf();
    if constexpr (kBase == 6) holds = flags.sf() != flags.of();
    if constexpr (kBase == 7) holds = flags.zf() || flags.sf() != flags.of();
    return holds != ((kCode & 1) != 0);
}

}  // namespace seventeen::interpreter
