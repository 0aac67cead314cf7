// Mnemonic and Row: the instruction table as data.
#include "decoder/mnemonic.h"

#include <iterator>

namespace seventeen::decoder {

namespace {

// "CZ" → kFlagCf | kFlagZf; a letter that names no flag does not compile.
consteval u32 flags(std::string_view letters) {
    u32 mask = 0;
    for (const char letter : letters) {
        switch (letter) {
            case '-': break;
            case 'C': mask |= kFlagCf; break;
            case 'P': mask |= kFlagPf; break;
            case 'A': mask |= kFlagAf; break;
            case 'Z': mask |= kFlagZf; break;
            case 'S': mask |= kFlagSf; break;
            case 'O': mask |= kFlagOf; break;
            case 'D': mask |= kFlagDf; break;
            default: throw "no such flag";
        }
    }
    return mask;
}

constexpr bool kLock = true;
constexpr bool kNoLock = false;

constexpr Row kInvalidRow{"(invalid)", Class::kControl, SensitiveGroup::kNone, Family::kControlFlow,
                          Feature::kNever};

constexpr Row kRows[]{
    kInvalidRow,
#define SEVENTEEN_INSTRUCTION(name, kind, group, family, feature, read, written, undefined, lock) \
    Row{#name,          Class::kind,      SensitiveGroup::group,                                  \
        Family::family, Feature::feature, flags(read),                                            \
        flags(written), flags(undefined), lock},
#include "decoder/instructions.inc"
#undef SEVENTEEN_INSTRUCTION
};
static_assert(std::size(kRows) == static_cast<std::size_t>(Mnemonic::kCount));

}  // namespace

const Row& row(Mnemonic mnemonic) {
    return kRows[static_cast<std::size_t>(mnemonic)];
}

std::span<const Row> rows() {
    return kRows;
}

}  // namespace seventeen::decoder
