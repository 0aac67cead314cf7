// Escape sequences of xterm and its kin, as strokes.
#include "app/terminal_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace seventeen::app {

namespace {

using devices::KeyCode;

constexpr char kEscape = '\x1b';
constexpr char kDelete = '\x7f';
constexpr std::size_t kLongestSequence = 32;

// Modifiers travel as a number one more than these bits (ctlseqs, "PC-Style Function Keys").
constexpr unsigned kShift = 1;
constexpr unsigned kAlt = 2;
constexpr unsigned kControl = 4;

struct Final {
    char letter;
    KeyCode code;
};
// ESC [ letter and ESC O letter.
constexpr std::array kFinals = {
    Final{'A', KeyCode::kUp},   Final{'B', KeyCode::kDown},    Final{'C', KeyCode::kRight},
    Final{'D', KeyCode::kLeft}, Final{'F', KeyCode::kEnd},     Final{'H', KeyCode::kHome},
    Final{'P', KeyCode::kF1},   Final{'Q', KeyCode::kF2},      Final{'R', KeyCode::kF3},
    Final{'S', KeyCode::kF4},   Final{'E', KeyCode::kKeypad5},
};
// ESC O letter: the keypad in its application mode.
constexpr std::array kKeypad = {
    Final{'M', KeyCode::kKeypadEnter},   Final{'j', KeyCode::kKeypadMultiply},
    Final{'k', KeyCode::kKeypadAdd},     Final{'m', KeyCode::kKeypadSubtract},
    Final{'n', KeyCode::kKeypadDecimal}, Final{'o', KeyCode::kKeypadDivide},
    Final{'p', KeyCode::kKeypad0},       Final{'q', KeyCode::kKeypad1},
    Final{'r', KeyCode::kKeypad2},       Final{'s', KeyCode::kKeypad3},
    Final{'t', KeyCode::kKeypad4},       Final{'u', KeyCode::kKeypad5},
    Final{'v', KeyCode::kKeypad6},       Final{'w', KeyCode::kKeypad7},
    Final{'x', KeyCode::kKeypad8},       Final{'y', KeyCode::kKeypad9},
    Final{'I', KeyCode::kTab},
};

struct Numbered {
    unsigned number;
    KeyCode code;
    unsigned modifiers = 0;
};
// ESC [ number ~; the Linux console numbers Shift-F1 to Shift-F8 on from F12.
constexpr std::array kNumbered = {
    Numbered{1, KeyCode::kHome},        Numbered{2, KeyCode::kInsert},
    Numbered{3, KeyCode::kDelete},      Numbered{4, KeyCode::kEnd},
    Numbered{5, KeyCode::kPageUp},      Numbered{6, KeyCode::kPageDown},
    Numbered{7, KeyCode::kHome},        Numbered{8, KeyCode::kEnd},
    Numbered{11, KeyCode::kF1},         Numbered{12, KeyCode::kF2},
    Numbered{13, KeyCode::kF3},         Numbered{14, KeyCode::kF4},
    Numbered{15, KeyCode::kF5},         Numbered{17, KeyCode::kF6},
    Numbered{18, KeyCode::kF7},         Numbered{19, KeyCode::kF8},
    Numbered{20, KeyCode::kF9},         Numbered{21, KeyCode::kF10},
    Numbered{23, KeyCode::kF11},        Numbered{24, KeyCode::kF12},
    Numbered{25, KeyCode::kF1, kShift}, Numbered{26, KeyCode::kF2, kShift},
    Numbered{28, KeyCode::kF3, kShift}, Numbered{29, KeyCode::kF4, kShift},
    Numbered{31, KeyCode::kF5, kShift}, Numbered{32, KeyCode::kF6, kShift},
    Numbered{33, KeyCode::kF7, kShift}, Numbered{34, KeyCode::kF8, kShift},
};
constexpr unsigned kModifiedCharacter = 27;  // ESC [ 27 ; modifiers ; character ~

template <std::size_t n>
std::optional<KeyCode> find(const std::array<Final, n>& table, char letter) {
    for (const Final& row : table)
        if (row.letter == letter) return row.code;
    return std::nullopt;
}

void append(KeyEvents& events, const std::vector<KeyCode>& keys, unsigned modifiers) {
    std::vector<KeyCode> all;
    const auto add = [&all](KeyCode code) {
        if (std::find(all.begin(), all.end(), code) == all.end()) all.push_back(code);
    };
    if ((modifiers & kControl) != 0) add(KeyCode::kControlLeft);
    if ((modifiers & kAlt) != 0) add(KeyCode::kAltLeft);
    if ((modifiers & kShift) != 0) add(KeyCode::kShiftLeft);
    for (const KeyCode code : keys) add(code);
    for (const KeyEvent& event : stroke(all)) events.push_back(event);
}

void append_character(KeyEvents& events, char character, unsigned modifiers) {
    // Enter sends \r; \n is Ctrl-J.
    if (character == '\n')
        append(events, {KeyCode::kJ}, modifiers | kControl);
    else if (const auto keys = keys_typing(character); !keys.empty())
        append(events, keys, modifiers);
}

unsigned modifiers_of(unsigned parameter) {
    return parameter == 0 ? 0 : (parameter - 1) & (kShift | kAlt | kControl);
}

// The numbers between semicolons; those left out are 0.
std::array<unsigned, 3> parameters_of(std::string_view text) {
    std::array<unsigned, 3> numbers{};
    for (unsigned& number : numbers) {
        const std::string_view one = text.substr(0, text.find(';'));
        std::from_chars(one.data(), one.data() + one.size(), number);
        text.remove_prefix(std::min(text.size(), one.size() + 1));
    }
    return numbers;
}

// A number that a terminal gives for a character.
void append_code(KeyEvents& events, unsigned code, unsigned modifiers) {
    constexpr unsigned kLastAscii = 0x7f;
    if (code <= kLastAscii) append_character(events, static_cast<char>(code), modifiers);
}

void append_numbered(KeyEvents& events, const std::array<unsigned, 3>& numbers) {
    if (numbers[0] == kModifiedCharacter)
        return append_code(events, numbers[2], modifiers_of(numbers[1]));
    for (const Numbered& row : kNumbered)
        if (row.number == numbers[0])
            append(events, {row.code}, row.modifiers | modifiers_of(numbers[1]));
}

std::size_t utf8_length(u8 lead) {
    if (lead >= 0xf0) return 4;
    if (lead >= 0xe0) return 3;
    return lead >= 0xc0 ? 2 : 1;
}

}  // namespace

KeyEvents TerminalKeys::feed(std::string_view bytes) {
    KeyEvents events;
    for (const char byte : bytes) {
        // No sequence holds ESC or another control character: those before were keys.
        const bool control = pending_.size() > 1 && static_cast<u8>(byte) < ' ';
        if (waiting() && (byte == kEscape || control))
            for (const KeyEvent& event : flush()) events.push_back(event);
        pending_ += byte;
        if (parse(events) == Progress::kDone || pending_.size() >= kLongestSequence)
            pending_.clear();
    }
    return events;
}

KeyEvents TerminalKeys::flush() {
    KeyEvents events;
    if (pending_.size() == 1 && pending_[0] == kEscape) append(events, {KeyCode::kEscape}, 0);
    if (pending_.size() == 2 && pending_[0] == kEscape) append_character(events, pending_[1], kAlt);
    pending_.clear();
    return events;
}

TerminalKeys::Progress TerminalKeys::parse(KeyEvents& events) const {
    const char first = pending_.front();
    if (first == kEscape) return parse_escape(events);
    const std::size_t length = utf8_length(static_cast<u8>(first));
    if (length > pending_.size()) return Progress::kWants;
    if (length == 1) append_character(events, first, 0);
    return Progress::kDone;
}

TerminalKeys::Progress TerminalKeys::parse_escape(KeyEvents& events) const {
    if (pending_.size() == 1) return Progress::kWants;
    if (pending_[1] == '[') return parse_control_sequence(events);
    if (pending_[1] == 'O') return parse_single_shift(events);
    append_character(events, pending_[1], kAlt);
    return Progress::kDone;
}

// ESC [ parameters final.
TerminalKeys::Progress TerminalKeys::parse_control_sequence(KeyEvents& events) const {
    const std::string_view body = std::string_view(pending_).substr(2);
    if (body.empty() || body == "[") return Progress::kWants;
    const char final = body.back();
    if (body.size() == 2 && body[0] == '[') {  // the Linux console's F1 to F5: ESC [ [ A …
        if (final >= 'A' && final <= 'E') {
            const int first = static_cast<int>(KeyCode::kF1);
            append(events, {static_cast<KeyCode>(first + (final - 'A'))}, 0);
        }
        return Progress::kDone;
    }
    if (final < '@' || final >= kDelete) return Progress::kWants;
    const auto numbers = parameters_of(body.substr(0, body.size() - 1));
    const unsigned modifiers = modifiers_of(numbers[1]);
    if (final == '~')
        append_numbered(events, numbers);
    else if (final == 'u')
        append_code(events, numbers[0], modifiers);
    else if (final == 'Z')
        append(events, {KeyCode::kTab}, kShift);
    else if (const auto code = find(kFinals, final))
        append(events, {*code}, modifiers);
    return Progress::kDone;
}

// ESC O letter, in old xterms with the modifiers' digit before the letter.
TerminalKeys::Progress TerminalKeys::parse_single_shift(KeyEvents& events) const {
    const std::string_view body = std::string_view(pending_).substr(2);
    if (body.empty()) return Progress::kWants;
    const char final = body.back();
    if (final >= '0' && final <= '9') return Progress::kWants;
    const unsigned modifiers = modifiers_of(parameters_of(body)[0]);
    if (const auto code = find(kFinals, final))
        append(events, {*code}, modifiers);
    else if (const auto keypad = find(kKeypad, final))
        append(events, {*keypad}, modifiers);
    return Progress::kDone;
}

}  // namespace seventeen::app
