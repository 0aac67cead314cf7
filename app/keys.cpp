// sendkey's names, the US layout and the escapes of texts to be typed.
#include "app/keys.h"

#include <array>
#include <charconv>

#include "core/error.h"

namespace seventeen::app {

namespace {

using devices::KeyCode;

constexpr char kBackspace = '\b';
constexpr char kEscape = '\x1b';
constexpr char kLastControl = '\x1f';
constexpr char kDelete = '\x7f';

// Further names that QEMU's sendkey has.
struct Alias {
    std::string_view name;
    KeyCode code;
};
constexpr std::array kAliases = {
    Alias{"asterisk", KeyCode::kKeypadMultiply},
    Alias{"sysrq", KeyCode::kPrintScreen},
    Alias{"enter", KeyCode::kEnter},
    Alias{"space", KeyCode::kSpace},
};

// Each key's character without and with Shift.
struct Legend {
    char plain;
    char shifted;
    KeyCode code;
};
constexpr std::array kLegends = {
    Legend{'1', '!', KeyCode::k1},           Legend{'2', '@', KeyCode::k2},
    Legend{'3', '#', KeyCode::k3},           Legend{'4', '$', KeyCode::k4},
    Legend{'5', '%', KeyCode::k5},           Legend{'6', '^', KeyCode::k6},
    Legend{'7', '&', KeyCode::k7},           Legend{'8', '*', KeyCode::k8},
    Legend{'9', '(', KeyCode::k9},           Legend{'0', ')', KeyCode::k0},
    Legend{'-', '_', KeyCode::kMinus},       Legend{'=', '+', KeyCode::kEqual},
    Legend{'[', '{', KeyCode::kBracketLeft}, Legend{']', '}', KeyCode::kBracketRight},
    Legend{'\\', '|', KeyCode::kBackslash},  Legend{';', ':', KeyCode::kSemicolon},
    Legend{'\'', '"', KeyCode::kApostrophe}, Legend{'`', '~', KeyCode::kGraveAccent},
    Legend{',', '<', KeyCode::kComma},       Legend{'.', '>', KeyCode::kDot},
    Legend{'/', '?', KeyCode::kSlash},       Legend{' ', ' ', KeyCode::kSpace},
};

KeyCode letter(char lower) {
    return static_cast<KeyCode>(static_cast<int>(KeyCode::kA) + (lower - 'a'));
}

KeyCode key_with_name(std::string_view name) {
    for (const Alias& alias : kAliases)
        if (alias.name == name) return alias.code;
    if (const auto code = devices::key_named(name)) return *code;
    throw Error("there is no key '" + std::string(name) +
                "'; keys are named as in ctrl-alt-delete, ret, spc, f1, kp_5, a");
}

std::vector<KeyCode> keys_typing_control(char character) {
    switch (character) {
        case kBackspace: return {KeyCode::kBackspace};
        case '\t': return {KeyCode::kTab};
        case '\n':
        case '\r': return {KeyCode::kEnter};
        case kEscape: return {KeyCode::kEscape};
        default: break;
    }
    std::vector<KeyCode> keys{KeyCode::kControlLeft};
    // ^A is 01h as A is 41h; \0 to \x1f are those of @ A … Z [ \ ] ^ _.
    const char base = static_cast<char>(character | 0x40);
    const bool is_letter = base >= 'A' && base <= 'Z';
    const char plain = static_cast<char>(is_letter ? base | 0x20 : base);
    for (const KeyCode code : keys_typing(plain)) keys.push_back(code);
    return keys;
}

std::size_t utf8_length(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<u8>(text[length]) & 0xc0) == 0x80) ++length;
    return length;
}

char unescaped_hex(std::string_view digits) {
    unsigned value = 0;
    const char* end = digits.data() + digits.size();
    if (digits.size() != 2 || std::from_chars(digits.data(), end, value, 16).ptr != end)
        throw Error("\\x takes two hexadecimal digits, as in \\x1b");
    return static_cast<char>(value);
}

char unescaped_letter(char character) {
    switch (character) {
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'b': return kBackspace;
        case 'e': return kEscape;
        case '\\': return '\\';
        default: break;
    }
    throw Error(std::string("there is no escape \\") + character +
                "; there are \\n \\r \\t \\b \\e \\\\ and \\xHH");
}

}  // namespace

std::vector<KeyCode> keys_named(std::string_view names) {
    std::vector<KeyCode> keys;
    for (;;) {
        const std::size_t dash = names.find('-');
        keys.push_back(key_with_name(names.substr(0, dash)));
        if (dash == std::string_view::npos) return keys;
        names.remove_prefix(dash + 1);
    }
}

KeyEvents stroke(const std::vector<KeyCode>& keys) {
    KeyEvents events;
    for (const KeyCode code : keys) events.push_back({code, true});
    for (auto code = keys.rbegin(); code != keys.rend(); ++code) events.push_back({*code, false});
    return events;
}

std::vector<KeyCode> keys_typing(char character) {
    if (character >= '\0' && character <= kLastControl) return keys_typing_control(character);
    if (character == kDelete) return {KeyCode::kBackspace};
    if (character >= 'a' && character <= 'z') return {letter(character)};
    if (character >= 'A' && character <= 'Z')
        return {KeyCode::kShiftLeft, letter(static_cast<char>(character | 0x20))};
    for (const Legend& legend : kLegends) {
        if (legend.plain == character) return {legend.code};
        if (legend.shifted == character) return {KeyCode::kShiftLeft, legend.code};
    }
    return {};
}

KeyEvents typed(std::string_view text) {
    KeyEvents events;
    while (!text.empty()) {
        const auto keys = keys_typing(text.front());
        if (keys.empty())
            throw Error("the US keyboard layout has no key for '" +
                        std::string(text.substr(0, utf8_length(text))) +
                        "'; type what it has, or send keys by name");
        for (const KeyEvent& event : stroke(keys)) events.push_back(event);
        text.remove_prefix(1);
    }
    return events;
}

std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            plain += text[i];
        } else if (++i == text.size()) {
            throw Error("a text ends with a lone backslash; write \\\\ for one");
        } else if (text[i] == 'x') {
            plain += unescaped_hex(text.substr(i + 1, 2));
            i += 2;
        } else {
            plain += unescaped_letter(text[i]);
        }
    }
    return plain;
}

}  // namespace seventeen::app
