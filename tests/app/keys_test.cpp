// Key names, typed text and its escapes, as keys of the PC's keyboard.
#include "app/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::app {

namespace {

using devices::KeyCode;

// "+shift +a -a -shift"
std::string spelled(const KeyEvents& events) {
    std::string text;
    for (const KeyEvent& event : events) {
        text += text.empty() ? "" : " ";
        text += event.pressed ? '+' : '-';
        text += devices::key(event.code).name;
    }
    return text;
}

}  // namespace

TEST_CASE("sendkey's names are the keys in order") {
    CHECK(keys_named("ctrl-alt-delete") ==
          std::vector{KeyCode::kControlLeft, KeyCode::kAltLeft, KeyCode::kDelete});
    CHECK(keys_named("a") == std::vector{KeyCode::kA});
    CHECK(keys_named("ret") == std::vector{KeyCode::kEnter});
    CHECK(keys_named("shift_r-kp_5") == std::vector{KeyCode::kShiftRight, KeyCode::kKeypad5});
    CHECK(keys_named("alt-sysrq-b") ==
          std::vector{KeyCode::kAltLeft, KeyCode::kPrintScreen, KeyCode::kB});
    CHECK_THROWS_WITH(keys_named("ctrl-nonsense"), Catch::Contains("no key 'nonsense'"));
    CHECK_THROWS_AS(keys_named(""), Error);
    CHECK_THROWS_AS(keys_named("ctrl-"), Error);
}

TEST_CASE("A stroke is released in reverse order") {
    CHECK(spelled(stroke(keys_named("ctrl-alt-delete"))) ==
          "+ctrl +alt +delete -delete -alt -ctrl");
}

TEST_CASE("Text is typed on a US keyboard") {
    CHECK(spelled(typed("aB")) == "+a -a +shift +b -b -shift");
    CHECK(spelled(typed("1!")) == "+1 -1 +shift +1 -1 -shift");
    CHECK(spelled(typed("a b\n")) == "+a -a +spc -spc +b -b +ret -ret");
    CHECK(spelled(typed("\t\b\x1b\x7f")) ==
          "+tab -tab +backspace -backspace +esc -esc +backspace -backspace");
    CHECK(spelled(typed("\x03")) == "+ctrl +c -c -ctrl");
    CHECK(spelled(typed("\x1c")) == "+ctrl +backslash -backslash -ctrl");
    CHECK(typed("").empty());
}

TEST_CASE("Every printable ASCII character has a key of its own") {
    std::vector<std::string> strokes;
    for (char character = ' '; character < '\x7f'; ++character)
        strokes.push_back(spelled(typed(std::string(1, character))));
    std::sort(strokes.begin(), strokes.end());
    CHECK(std::unique(strokes.begin(), strokes.end()) == strokes.end());
    CHECK(spelled(typed("|?~\"_+")) ==
          "+shift +backslash -backslash -shift +shift +slash -slash -shift "
          "+shift +grave_accent -grave_accent -shift +shift +apostrophe -apostrophe -shift "
          "+shift +minus -minus -shift +shift +equal -equal -shift");
}

TEST_CASE("What the US layout lacks is refused by name") {
    CHECK_THROWS_WITH(typed("aä"), Catch::Contains("'ä'"));
    CHECK_THROWS_WITH(typed("€5"), Catch::Contains("'€'"));
}

TEST_CASE("Escapes stand for control characters") {
    CHECK(unescaped("root\\n") == "root\n");
    CHECK(unescaped("\\t\\b\\e\\r\\\\\\x41") == "\t\b\x1b\r\\A");
    CHECK(unescaped("ä") == "ä");
    CHECK_THROWS_WITH(unescaped("\\q"), Catch::Contains("\\q"));
    CHECK_THROWS_AS(unescaped("end\\"), Error);
    CHECK_THROWS_AS(unescaped("\\x4"), Error);
    CHECK_THROWS_AS(unescaped("\\x4g"), Error);
}

}  // namespace seventeen::app
