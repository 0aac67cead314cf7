// KeyCode: the keys of a 102-key keyboard by name, and the codes that scan code sets give them.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/types.h"

namespace seventeen::devices {

enum class KeyCode : u8 {
    kA,
    kB,
    kC,
    kD,
    kE,
    kF,
    kG,
    kH,
    kI,
    kJ,
    kK,
    kL,
    kM,
    kN,
    kO,
    kP,
    kQ,
    kR,
    kS,
    kT,
    kU,
    kV,
    kW,
    kX,
    kY,
    kZ,
    k0,
    k1,
    k2,
    k3,
    k4,
    k5,
    k6,
    k7,
    k8,
    k9,
    kGraveAccent,
    kMinus,
    kEqual,
    kBackspace,
    kTab,
    kBracketLeft,
    kBracketRight,
    kBackslash,
    kSemicolon,
    kApostrophe,
    kEnter,
    kComma,
    kDot,
    kSlash,
    kLess,
    kSpace,
    kCapsLock,
    kShiftLeft,
    kShiftRight,
    kControlLeft,
    kControlRight,
    kAltLeft,
    kAltRight,
    kMetaLeft,
    kMetaRight,
    kMenu,
    kEscape,
    kF1,
    kF2,
    kF3,
    kF4,
    kF5,
    kF6,
    kF7,
    kF8,
    kF9,
    kF10,
    kF11,
    kF12,
    kPrintScreen,
    kScrollLock,
    kPause,
    kInsert,
    kDelete,
    kHome,
    kEnd,
    kPageUp,
    kPageDown,
    kLeft,
    kUp,
    kDown,
    kRight,
    kNumLock,
    kKeypadDivide,
    kKeypadMultiply,
    kKeypadSubtract,
    kKeypadAdd,
    kKeypadEnter,
    kKeypadDecimal,
    kKeypad0,
    kKeypad1,
    kKeypad2,
    kKeypad3,
    kKeypad4,
    kKeypad5,
    kKeypad6,
    kKeypad7,
    kKeypad8,
    kKeypad9,
    kCount,
};
inline constexpr std::size_t kKeyCount = static_cast<std::size_t>(KeyCode::kCount);

// What a key does in scan code set 3 until it is told otherwise (IBM PS/2 keyboard reference).
enum class KeyKind : u8 { kMakeOnly, kMakeBreak, kTypematic, kTypematicMakeBreak };

inline constexpr u16 kExtended = 0xe000;  // E0h goes before the code

struct Key {
    std::string_view name;  // QEMU's, as its sendkey takes it
    u16 set2 = 0;           // perhaps kExtended
    u8 set3 = 0;
    KeyKind kind = KeyKind::kMakeOnly;
};

const Key& key(KeyCode code);
std::optional<KeyCode> key_named(std::string_view name);
// Which key has this code in set 3?
std::optional<KeyCode> key_with_set3(u8 code);

// What the 8042 makes of a byte from the keyboard; scan code set 1 is set 2 so translated.
u8 translated(u8 byte);

}  // namespace seventeen::devices
