// The seventeen: the unprivileged x86 instructions that read or change privileged state.
//
// After Robin & Irvine, "Analysis of the Intel Pentium's Ability to Support a Secure Virtual
// Machine Monitor" (2000). Their names make seventeen where PUSHF and POPF, the two directions of
// one thing, count as one; RET stands for IRET as well. Forms that differ in operand size alone,
// INT3, INTO and INT1, and the loads of a far pointer (LDS …) go with what they are a form of.
#pragma once

#include <span>
#include <string_view>

#include "decoder/mnemonic.h"

namespace seventeen::app {

struct SensitiveInstruction {
    std::string_view name;
    std::span<const decoder::Mnemonic> mnemonics;
};

std::span<const SensitiveInstruction> the_seventeen();
bool is_one_of_the_seventeen(decoder::Mnemonic mnemonic);

}  // namespace seventeen::app
