// The keys' names and codes, one row each in the order of KeyCode, and the 8042's translation.
#include "devices/key_code.h"

namespace seventeen::devices {

namespace {

constexpr std::array<Key, kKeyCount> kKeys{{
    {"a", 0x1c, 0x1c, KeyKind::kTypematic},
    {"b", 0x32, 0x32, KeyKind::kTypematic},
    {"c", 0x21, 0x21, KeyKind::kTypematic},
    {"d", 0x23, 0x23, KeyKind::kTypematic},
    {"e", 0x24, 0x24, KeyKind::kTypematic},
    {"f", 0x2b, 0x2b, KeyKind::kTypematic},
    {"g", 0x34, 0x34, KeyKind::kTypematic},
    {"h", 0x33, 0x33, KeyKind::kTypematic},
    {"i", 0x43, 0x43, KeyKind::kTypematic},
    {"j", 0x3b, 0x3b, KeyKind::kTypematic},
    {"k", 0x42, 0x42, KeyKind::kTypematic},
    {"l", 0x4b, 0x4b, KeyKind::kTypematic},
    {"m", 0x3a, 0x3a, KeyKind::kTypematic},
    {"n", 0x31, 0x31, KeyKind::kTypematic},
    {"o", 0x44, 0x44, KeyKind::kTypematic},
    {"p", 0x4d, 0x4d, KeyKind::kTypematic},
    {"q", 0x15, 0x15, KeyKind::kTypematic},
    {"r", 0x2d, 0x2d, KeyKind::kTypematic},
    {"s", 0x1b, 0x1b, KeyKind::kTypematic},
    {"t", 0x2c, 0x2c, KeyKind::kTypematic},
    {"u", 0x3c, 0x3c, KeyKind::kTypematic},
    {"v", 0x2a, 0x2a, KeyKind::kTypematic},
    {"w", 0x1d, 0x1d, KeyKind::kTypematic},
    {"x", 0x22, 0x22, KeyKind::kTypematic},
    {"y", 0x35, 0x35, KeyKind::kTypematic},
    {"z", 0x1a, 0x1a, KeyKind::kTypematic},
    {"0", 0x45, 0x45, KeyKind::kTypematic},
    {"1", 0x16, 0x16, KeyKind::kTypematic},
    {"2", 0x1e, 0x1e, KeyKind::kTypematic},
    {"3", 0x26, 0x26, KeyKind::kTypematic},
    {"4", 0x25, 0x25, KeyKind::kTypematic},
    {"5", 0x2e, 0x2e, KeyKind::kTypematic},
    {"6", 0x36, 0x36, KeyKind::kTypematic},
    {"7", 0x3d, 0x3d, KeyKind::kTypematic},
    {"8", 0x3e, 0x3e, KeyKind::kTypematic},
    {"9", 0x46, 0x46, KeyKind::kTypematic},
    {"grave_accent", 0x0e, 0x0e, KeyKind::kTypematic},
    {"minus", 0x4e, 0x4e, KeyKind::kTypematic},
    {"equal", 0x55, 0x55, KeyKind::kTypematic},
    {"backspace", 0x66, 0x66, KeyKind::kTypematic},
    {"tab", 0x0d, 0x0d, KeyKind::kTypematic},
    {"bracket_left", 0x54, 0x54, KeyKind::kTypematic},
    {"bracket_right", 0x5b, 0x5b, KeyKind::kTypematic},
    {"backslash", 0x5d, 0x5c, KeyKind::kTypematic},
    {"semicolon", 0x4c, 0x4c, KeyKind::kTypematic},
    {"apostrophe", 0x52, 0x52, KeyKind::kTypematic},
    {"ret", 0x5a, 0x5a, KeyKind::kTypematic},
    {"comma", 0x41, 0x41, KeyKind::kTypematic},
    {"dot", 0x49, 0x49, KeyKind::kTypematic},
    {"slash", 0x4a, 0x4a, KeyKind::kTypematic},
    {"less", 0x61, 0x13, KeyKind::kTypematic},
    {"spc", 0x29, 0x29, KeyKind::kTypematic},
    {"caps_lock", 0x58, 0x14, KeyKind::kMakeBreak},
    {"shift", 0x12, 0x12, KeyKind::kMakeBreak},
    {"shift_r", 0x59, 0x59, KeyKind::kMakeBreak},
    {"ctrl", 0x14, 0x11, KeyKind::kMakeBreak},
    {"ctrl_r", kExtended | 0x14, 0x58, KeyKind::kMakeOnly},
    {"alt", 0x11, 0x19, KeyKind::kMakeBreak},
    {"alt_r", kExtended | 0x11, 0x39, KeyKind::kMakeOnly},
    {"meta_l", kExtended | 0x1f, 0x8b, KeyKind::kMakeOnly},
    {"meta_r", kExtended | 0x27, 0x8c, KeyKind::kMakeOnly},
    {"menu", kExtended | 0x2f, 0x8d, KeyKind::kMakeOnly},
    {"esc", 0x76, 0x08, KeyKind::kMakeOnly},
    {"f1", 0x05, 0x07, KeyKind::kMakeOnly},
    {"f2", 0x06, 0x0f, KeyKind::kMakeOnly},
    {"f3", 0x04, 0x17, KeyKind::kMakeOnly},
    {"f4", 0x0c, 0x1f, KeyKind::kMakeOnly},
    {"f5", 0x03, 0x27, KeyKind::kMakeOnly},
    {"f6", 0x0b, 0x2f, KeyKind::kMakeOnly},
    {"f7", 0x83, 0x37, KeyKind::kMakeOnly},
    {"f8", 0x0a, 0x3f, KeyKind::kMakeOnly},
    {"f9", 0x01, 0x47, KeyKind::kMakeOnly},
    {"f10", 0x09, 0x4f, KeyKind::kMakeOnly},
    {"f11", 0x78, 0x56, KeyKind::kMakeOnly},
    {"f12", 0x07, 0x5e, KeyKind::kMakeOnly},
    {"print", kExtended | 0x7c, 0x57, KeyKind::kMakeOnly},
    {"scroll_lock", 0x7e, 0x5f, KeyKind::kMakeOnly},
    {"pause", kExtended | 0x7e, 0x62, KeyKind::kMakeOnly},
    {"insert", kExtended | 0x70, 0x67, KeyKind::kMakeOnly},
    {"delete", kExtended | 0x71, 0x64, KeyKind::kTypematic},
    {"home", kExtended | 0x6c, 0x6e, KeyKind::kMakeOnly},
    {"end", kExtended | 0x69, 0x65, KeyKind::kMakeOnly},
    {"pgup", kExtended | 0x7d, 0x6f, KeyKind::kMakeOnly},
    {"pgdn", kExtended | 0x7a, 0x6d, KeyKind::kMakeOnly},
    {"left", kExtended | 0x6b, 0x61, KeyKind::kTypematic},
    {"up", kExtended | 0x75, 0x63, KeyKind::kTypematic},
    {"down", kExtended | 0x72, 0x60, KeyKind::kTypematic},
    {"right", kExtended | 0x74, 0x6a, KeyKind::kTypematic},
    {"num_lock", 0x77, 0x76, KeyKind::kMakeOnly},
    {"kp_divide", kExtended | 0x4a, 0x77, KeyKind::kMakeOnly},
    {"kp_multiply", 0x7c, 0x7e, KeyKind::kMakeOnly},
    {"kp_subtract", 0x7b, 0x84, KeyKind::kMakeOnly},
    {"kp_add", 0x79, 0x7c, KeyKind::kTypematic},
    {"kp_enter", kExtended | 0x5a, 0x79, KeyKind::kMakeOnly},
    {"kp_decimal", 0x71, 0x71, KeyKind::kMakeOnly},
    {"kp_0", 0x70, 0x70, KeyKind::kMakeOnly},
    {"kp_1", 0x69, 0x69, KeyKind::kMakeOnly},
    {"kp_2", 0x72, 0x72, KeyKind::kMakeOnly},
    {"kp_3", 0x7a, 0x7a, KeyKind::kMakeOnly},
    {"kp_4", 0x6b, 0x6b, KeyKind::kMakeOnly},
    {"kp_5", 0x73, 0x73, KeyKind::kMakeOnly},
    {"kp_6", 0x74, 0x74, KeyKind::kMakeOnly},
    {"kp_7", 0x6c, 0x6c, KeyKind::kMakeOnly},
    {"kp_8", 0x75, 0x75, KeyKind::kMakeOnly},
    {"kp_9", 0x7d, 0x7d, KeyKind::kMakeOnly},
}};

// Codes above the table are not translated.
constexpr std::array<u8, 133> kTranslation{{
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
    0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
    0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
    0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
    0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
    0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
    0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
    0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
    0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
}};

std::optional<KeyCode> code_at(std::size_t index) {
    if (index == kKeys.size()) return std::nullopt;
    return static_cast<KeyCode>(index);
}

}  // namespace

const Key& key(KeyCode code) {
    return kKeys[static_cast<std::size_t>(code)];
}

std::optional<KeyCode> key_named(std::string_view name) {
    std::size_t i = 0;
    while (i < kKeys.size() && kKeys[i].name != name) ++i;
    return code_at(i);
}

std::optional<KeyCode> key_with_set3(u8 code) {
    std::size_t i = 0;
    while (i < kKeys.size() && kKeys[i].set3 != code) ++i;
    return code_at(i);
}

u8 translated(u8 byte) {
    return byte < kTranslation.size() ? kTranslation[byte] : byte;
}

}  // namespace seventeen::devices
