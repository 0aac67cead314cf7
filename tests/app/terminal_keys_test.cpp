// Bytes of xterm, the Linux console and screen, as strokes of the PC's keyboard.
#include "app/terminal_keys.h"

#include <catch2/catch.hpp>

namespace seventeen::app {

namespace {

// "ctrl-c a": the strokes' keys; checks that each stroke is whole.
std::string strokes(const KeyEvents& events) {
    std::string text;
    std::string keys;
    std::size_t down = 0;
    for (const KeyEvent& event : events) {
        if (event.pressed) {
            keys += (down++ == 0 ? "" : "-") + std::string(devices::key(event.code).name);
        } else if (--down == 0) {
            text += (text.empty() ? "" : " ") + keys;
            keys.clear();
        }
    }
    CHECK(down == 0);
    return text;
}

std::string decoded(std::string_view bytes) {
    TerminalKeys keys;
    KeyEvents events = keys.feed(bytes);
    CHECK(!keys.waiting());
    return strokes(events);
}

}  // namespace

TEST_CASE("Characters and control characters") {
    CHECK(decoded("aA1!") == "a shift-a 1 shift-1");
    CHECK(decoded("\r\t\x7f") == "ret tab backspace");
    CHECK(decoded("\b") == "backspace");
    CHECK(decoded("\x03") == "ctrl-c");
    CHECK(decoded("\n") == "ctrl-j");
    CHECK(decoded("\x1d") == "ctrl-bracket_right");
    CHECK(decoded(std::string_view("\0", 1)) == "ctrl-shift-2");
}

TEST_CASE("Characters beyond ASCII are no keys") {
    CHECK(decoded("aäb€c𝄞d") == "a b c d");
}

TEST_CASE("Cursor and editing keys in each terminal's words") {
    CHECK(decoded("\x1b[A\x1b[B\x1b[C\x1b[D") == "up down right left");
    CHECK(decoded("\x1bOA\x1bOB\x1bOC\x1bOD") == "up down right left");
    CHECK(decoded("\x1b[H\x1b[F\x1bOH\x1bOF") == "home end home end");
    CHECK(decoded("\x1b[1~\x1b[4~\x1b[7~\x1b[8~") == "home end home end");
    CHECK(decoded("\x1b[2~\x1b[3~\x1b[5~\x1b[6~") == "insert delete pgup pgdn");
    CHECK(decoded("\x1b[Z") == "shift-tab");
}

TEST_CASE("Function keys in each terminal's words") {
    CHECK(decoded("\x1bOP\x1bOQ\x1bOR\x1bOS") == "f1 f2 f3 f4");
    CHECK(decoded("\x1b[[A\x1b[[B\x1b[[C\x1b[[D\x1b[[E") == "f1 f2 f3 f4 f5");
    CHECK(decoded("\x1b[11~\x1b[14~\x1b[15~\x1b[17~") == "f1 f4 f5 f6");
    CHECK(decoded("\x1b[18~\x1b[19~\x1b[20~\x1b[21~\x1b[23~\x1b[24~") == "f7 f8 f9 f10 f11 f12");
    CHECK(decoded("\x1b[25~\x1b[34~") == "shift-f1 shift-f8");
}

TEST_CASE("Modifiers") {
    CHECK(decoded("\x1b[1;2A") == "shift-up");
    CHECK(decoded("\x1b[1;3A") == "alt-up");
    CHECK(decoded("\x1b[1;5C") == "ctrl-right");
    CHECK(decoded("\x1b[1;8D") == "ctrl-alt-shift-left");
    CHECK(decoded("\x1b[1;5P\x1b[15;2~\x1b[3;5~") == "ctrl-f1 shift-f5 ctrl-delete");
    CHECK(decoded("\x1bO5P") == "ctrl-f1");
    CHECK(decoded("\x1b[27;5;13~") == "ctrl-ret");
    CHECK(decoded("\x1b[97;5u") == "ctrl-a");
    CHECK(decoded("\x1bx\x1bX") == "alt-x alt-shift-x");
    CHECK(decoded("\x1b\r") == "alt-ret");
}

TEST_CASE("The keypad in application mode") {
    CHECK(decoded("\x1bOp\x1bOy\x1bOM\x1bOj\x1bOk\x1bOm\x1bOn\x1bOo") ==
          "kp_0 kp_9 kp_enter kp_multiply kp_add kp_subtract kp_decimal kp_divide");
}

TEST_CASE("Bytes that mean no key are swallowed whole") {
    CHECK(decoded("a\x1b[200~b\x1b[201~c") == "a b c");  // the marks around a paste
    CHECK(decoded("\x1b[Ia\x1b[O") == "a");              // focus
    CHECK(decoded("\x1b[?62;22ca") == "a");              // a terminal's answer
    CHECK(decoded("\x1b[<0;10;10Ma") == "a");            // the mouse
    CHECK(decoded("\x1b[99~\x1b[57399ua") == "a");
}

TEST_CASE("A sequence may come in pieces") {
    TerminalKeys keys;
    CHECK(keys.feed("\x1b").empty());
    CHECK(keys.waiting());
    CHECK(keys.feed("[1;").empty());
    CHECK(strokes(keys.feed("5A")) == "ctrl-up");
    CHECK(!keys.waiting());
    CHECK(keys.feed("\xc3").empty());
    CHECK(strokes(keys.feed("\xa4z")) == "z");
}

TEST_CASE("Escape alone shows by the silence after it") {
    TerminalKeys keys;
    CHECK(keys.feed("\x1b").empty());
    CHECK(strokes(keys.flush()) == "esc");
    CHECK(!keys.waiting());
    CHECK(keys.flush().empty());
    CHECK(keys.feed("\x1b[").empty());
    CHECK(strokes(keys.flush()) == "alt-bracket_left");
    CHECK(keys.feed("\x1bO").empty());
    CHECK(strokes(keys.flush()) == "alt-shift-o");
    // A second one ends the first, and so does a control character within a sequence.
    CHECK(strokes(keys.feed("\x1b\x1b[A")) == "esc up");
    CHECK(strokes(keys.feed("\x1b[\x03")) == "alt-bracket_left ctrl-c");
}

TEST_CASE("No bytes jam the decoder") {
    TerminalKeys keys;
    u32 random = 1;
    for (int i = 0; i < 100'000; ++i) {
        random = random * 1664525 + 1013904223;
        const char byte = static_cast<char>(random >> 24);
        strokes(keys.feed({&byte, 1}));
    }
    keys.flush();
    CHECK(strokes(keys.feed("a")) == "a");
    keys.feed("\x1b[" + std::string(1000, '1'));
    keys.flush();
    CHECK(strokes(keys.feed("a")) == "a");
}

}  // namespace seventeen::app
