// Typing, editing, history and completion, as an emulated terminal shows them.
#include "app/line_editor.h"

#include <catch2/catch.hpp>

#include "tests/app/emulated_terminal.h"

namespace seventeen::app {

namespace {

constexpr const char* kUp = "\x1b[A";
constexpr const char* kDown = "\x1b[B";
constexpr const char* kRight = "\x1b[C";
constexpr const char* kLeft = "\x1b[D";

std::vector<std::string> complete(std::string_view line) {
    std::vector<std::string> words;
    const std::string_view last = line.substr(line.rfind(' ') + 1);
    for (const char* word : {"info", "screendump", "sendkey", "system_powerdown", "system_reset"})
        if (std::string_view(word).starts_with(last)) words.emplace_back(word);
    return words;
}

struct Person {
    explicit Person(unsigned columns = 40) : terminal(columns, 10) {
        editor.set_width(columns);
        editor.draw();
        terminal.write(editor.take_echo());
    }

    // The lines that were finished, each followed by a bar.
    std::string type(std::string_view bytes) {
        std::string lines;
        for (const char byte : bytes)
            if (const auto line = editor.feed(byte)) {
                lines += *line + "|";
                editor.draw();
            }
        terminal.write(editor.take_echo());
        return lines;
    }
    std::string row() const { return terminal.row(terminal.line); }

    LineEditor editor{"> ", complete};
    EmulatedTerminal terminal;
};

}  // namespace

TEST_CASE("A line is shown as it is typed and handed over at its end") {
    Person person;
    CHECK(person.type("info pic").empty());
    CHECK(person.row() == "> info pic");
    CHECK(person.terminal.column == 10);
    CHECK(person.type("\r") == "info pic|");
    CHECK(person.row() == ">");
    CHECK(person.terminal.row(0) == "> info pic");
    CHECK(person.type("a\rb\r\r") == "a|b||");
    CHECK(person.terminal.clean);
}

TEST_CASE("Editing within a line") {
    Person person;
    person.type(std::string("abd") + kLeft + "c");
    CHECK(person.row() == "> abcd");
    CHECK(person.terminal.column == 5);
    person.type("\x7f");
    CHECK(person.row() == "> abd");
    person.type("\x01X\x05Y");  // Ctrl-A, Ctrl-E
    CHECK(person.row() == "> XabdY");
    person.type(std::string(kLeft) + kLeft + "\x1b[3~");
    CHECK(person.row() == "> XabY");
    person.type("\x1b[H\x1b[C\x0b");  // Home, right, Ctrl-K
    CHECK(person.row() == "> X");
    person.type(" two words\x17");  // Ctrl-W
    CHECK(person.row() == "> X two");
    person.type("\x15");  // Ctrl-U
    CHECK(person.row() == ">");
    person.type(std::string("\x7f\x1b[D\x1b[3~") + kRight + "z");
    CHECK(person.type("\r") == "z|");
}

TEST_CASE("Characters beyond ASCII are edited whole") {
    Person person;
    person.type(std::string("äöü") + kLeft + "\x7f");
    CHECK(person.row() == "> äü");
    CHECK(person.terminal.column == 3);
    CHECK(person.type("\r") == "äü|");
}

TEST_CASE("History") {
    Person person;
    person.type("one\rtwo\rtwo\rthr");
    person.type(kUp);
    CHECK(person.row() == "> two");
    person.type(kUp);
    CHECK(person.row() == "> one");
    person.type(kUp);
    CHECK(person.row() == "> one");
    person.type(kDown);
    person.type(kDown);
    CHECK(person.row() == "> thr");
    person.type(kDown);
    CHECK(person.row() == "> thr");
    person.type(std::string(kUp) + kUp + "!");
    CHECK(person.type("\r") == "one!|");
    person.type(kUp);
    CHECK(person.row() == "> one!");
}

TEST_CASE("Completion") {
    Person person;
    person.type("in\t");
    CHECK(person.row() == "> info");
    CHECK(person.terminal.column == 7);  // and a blank
    person.type("\x15sy\t");
    CHECK(person.row() == "> system_");
    person.type("\t");
    CHECK(person.terminal.row(person.terminal.line - 1) == "system_powerdown  system_reset");
    CHECK(person.row() == "> system_");
    person.type("r\t");
    CHECK(person.type("\r") == "system_reset |");
    person.type("zzz\t");
    CHECK(person.row() == "> zzz");
    person.type("\x15help scr\t");
    CHECK(person.row() == "> help screendump");
}

TEST_CASE("A line wider than the terminal shows its cursor's part") {
    Person person(12);
    person.type("0123456789abcdef");
    CHECK(person.row() == "> 789abcdef");
    person.type("\x01");
    CHECK(person.row() == "> 012345678");
    CHECK(person.terminal.column == 2);
    CHECK(person.terminal.clean);
    CHECK(person.type("\r") == "0123456789abcdef|");
}

TEST_CASE("Unknown keys do nothing") {
    Person person;
    person.type(
        "a\x1b[15~\x1b[1;5Pb\x1bx\x1bOQ\x02\x06"
        "c");
    CHECK(person.type("\r") == "abc|");
}

}  // namespace seventeen::app
