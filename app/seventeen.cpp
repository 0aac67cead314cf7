// The seventeen, and which mnemonics each stands for.
#include "app/seventeen.h"

#include <algorithm>
#include <array>

namespace seventeen::app {

namespace {

using enum decoder::Mnemonic;
using decoder::Mnemonic;

constexpr Mnemonic kSgdt[] = {SGDT};
constexpr Mnemonic kSidt[] = {SIDT};
constexpr Mnemonic kSldt[] = {SLDT};
constexpr Mnemonic kSmsw[] = {SMSW};
constexpr Mnemonic kPushfPopf[] = {PUSHF, PUSHFD, POPF, POPFD};
constexpr Mnemonic kLar[] = {LAR};
constexpr Mnemonic kLsl[] = {LSL};
constexpr Mnemonic kVerr[] = {VERR};
constexpr Mnemonic kVerw[] = {VERW};
constexpr Mnemonic kPop[] = {POP_SEGMENT};
constexpr Mnemonic kPush[] = {PUSH_SEGMENT};
constexpr Mnemonic kCall[] = {CALL_FAR};
constexpr Mnemonic kJmp[] = {JMP_FAR};
constexpr Mnemonic kInt[] = {INT, INT1, INT3, INTO};
constexpr Mnemonic kRet[] = {RET_FAR, IRET, IRETD};
constexpr Mnemonic kStr[] = {STR};
constexpr Mnemonic kMov[] = {MOV_SEGMENT, LDS, LES, LFS, LGS, LSS};

constexpr std::array<SensitiveInstruction, 17> kTheSeventeen{{
    {"SGDT", kSgdt},
    {"SIDT", kSidt},
    {"SLDT", kSldt},
    {"SMSW", kSmsw},
    {"PUSHF, POPF", kPushfPopf},
    {"LAR", kLar},
    {"LSL", kLsl},
    {"VERR", kVerr},
    {"VERW", kVerw},
    {"POP segment", kPop},
    {"PUSH segment", kPush},
    {"CALL far", kCall},
    {"JMP far", kJmp},
    {"INT n", kInt},
    {"RET far, IRET", kRet},
    {"STR", kStr},
    {"MOV segment", kMov},
}};

}  // namespace

std::span<const SensitiveInstruction> the_seventeen() {
    return kTheSeventeen;
}

bool is_one_of_the_seventeen(decoder::Mnemonic mnemonic) {
    return std::ranges::any_of(kTheSeventeen, [&](const SensitiveInstruction& it) {
        return std::ranges::find(it.mnemonics, mnemonic) != it.mnemonics.end();
    });
}

}  // namespace seventeen::app
