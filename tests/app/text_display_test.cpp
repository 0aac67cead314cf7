// The guest's screen as a terminal shows it: attributes, cursor, footer, cropping, pictures.
#include "app/text_display.h"

#include <catch2/catch.hpp>

#include "tests/app/emulated_terminal.h"

namespace seventeen::app {

namespace {

using devices::Picture;
using devices::TextCell;
using devices::TextScreen;

TextScreen screen_of(unsigned columns, unsigned rows) {
    TextScreen screen;
    screen.columns = columns;
    screen.rows = rows;
    screen.cells.assign(std::size_t{columns} * rows, {' ', 0x07});
    return screen;
}

void type(TextScreen& screen, unsigned column, unsigned row, std::string_view text,
          u8 attribute = 0x07) {
    for (const char character : text)
        screen.cells[std::size_t{row} * screen.columns + column++] = {static_cast<u8>(character),
                                                                      attribute};
}

// Rows numbered at their starts.
TextScreen numbered(unsigned columns, unsigned rows) {
    TextScreen screen = screen_of(columns, rows);
    for (unsigned row = 0; row < rows; ++row) type(screen, 0, row, std::to_string(row));
    return screen;
}

Picture plain(unsigned width, unsigned height, u32 colour) {
    Picture picture;
    picture.resize(width, height);
    picture.pixels.assign(picture.pixels.size(), colour);
    return picture;
}

}  // namespace

TEST_CASE("Text, code page 437 and colours") {
    TextDisplay display;
    EmulatedTerminal terminal(80, 26);
    TextScreen screen = screen_of(80, 25);
    type(screen, 0, 0, "C:\\>\xc9\xcd\x01", 0x1e);  // yellow on blue
    terminal.write(display.draw(screen, {80, 26}, {}));
    CHECK(terminal.row(0) == "C:\\>╔═☺");
    CHECK(terminal.paint(0, 0) == "93 44 ");
    CHECK(terminal.paint(70, 24) == "37 40 ");
    CHECK(terminal.clean);
}

TEST_CASE("Attribute bit 7 blinks or brightens") {
    TextDisplay display;
    EmulatedTerminal terminal(10, 2);
    TextScreen screen = screen_of(10, 2);
    type(screen, 0, 0, "a", 0xc2);  // green on red, and bit 7
    terminal.write(display.draw(screen, {10, 2}, {}));
    CHECK(terminal.paint(0, 0) == "32 101 ");
    screen.blinks = true;
    terminal.write(display.draw(screen, {10, 2}, {}));
    CHECK(terminal.paint(0, 0) == "32 41 blink");
    CHECK(terminal.paint(1, 0) == "37 40 ");
}

TEST_CASE("An unchanged screen costs nothing, a changed cell little") {
    TextDisplay display;
    TextScreen screen = numbered(80, 25);
    screen.cursor = TextScreen::Cursor{3, 4};
    CHECK_FALSE(display.draw(screen, {80, 25}, {}).empty());
    CHECK(display.draw(screen, {80, 25}, {}).empty());
    type(screen, 10, 10, "x");
    CHECK(display.draw(screen, {80, 25}, {}).size() < 40);
    screen.cursor = TextScreen::Cursor{4, 4};
    CHECK(display.draw(screen, {80, 25}, {}) == "\x1b[5;5H");
    display.forget();
    CHECK(display.draw(screen, {80, 25}, {}).size() > 2000);
}

TEST_CASE("A smaller screen is centred") {
    TextDisplay display;
    EmulatedTerminal terminal(50, 31);
    TextScreen screen = numbered(40, 25);
    screen.cursor = TextScreen::Cursor{1, 2};
    terminal.write(display.draw(screen, {50, 31}, {}));
    CHECK(terminal.row(2).empty());
    CHECK(terminal.row(3) == "     0");
    CHECK(terminal.row(27) == "     24");
    CHECK(terminal.paint(4, 3).empty());
    CHECK(terminal.paint(45, 3).empty());
    CHECK(terminal.column == 6);
    CHECK(terminal.line == 5);
}

TEST_CASE("A larger screen is scrolled to its cursor, no further than it must") {
    TextDisplay display;
    EmulatedTerminal terminal(20, 10);
    TextScreen screen = numbered(80, 25);
    const auto draw = [&](unsigned column, unsigned row) {
        screen.cursor = TextScreen::Cursor{column, row};
        terminal.write(display.draw(screen, {20, 10}, {}));
    };
    draw(0, 0);
    CHECK(terminal.row(0) == "0");
    CHECK(terminal.row(9) == "9");
    draw(0, 24);
    CHECK(terminal.row(0) == "15");
    CHECK(terminal.line == 9);
    draw(0, 15);
    CHECK(terminal.row(0) == "15");
    CHECK(terminal.line == 0);
    draw(0, 14);
    CHECK(terminal.row(0) == "14");
    draw(79, 14);
    CHECK(terminal.row(0).empty());
    CHECK(terminal.column == 19);
    screen.cursor.reset();  // stays where it is
    draw(0, 14);
    CHECK(terminal.row(0) == "14");
    CHECK(terminal.clean);
}

TEST_CASE("The footer takes the last row; the status only where it is free") {
    TextDisplay display;
    EmulatedTerminal terminal(80, 26);
    const TextScreen screen = numbered(80, 25);
    terminal.write(display.draw(screen, {80, 26}, {"status", ""}));
    CHECK(terminal.row(24) == "24");
    CHECK(terminal.row(25) == " status");
    CHECK(terminal.paint(79, 25) == "30 47 ");
    terminal.write(display.draw(screen, {80, 26}, {"status", "notice"}));
    CHECK(terminal.row(25) == " notice");
    terminal.write(display.draw(screen, {80, 25}, {"status", ""}));
    CHECK(terminal.row(24) == "24");
    terminal.write(display.draw(screen, {80, 25}, {"status", "notice"}));
    CHECK(terminal.row(23) == "23");
    CHECK(terminal.row(24) == " notice");
    CHECK(terminal.clean);
}

TEST_CASE("Another size of the terminal draws everything anew") {
    TextDisplay display;
    const TextScreen screen = numbered(80, 25);
    display.draw(screen, {80, 25}, {});
    EmulatedTerminal terminal(60, 20);
    terminal.write("rubbish" + display.draw(screen, {60, 20}, {}));
    CHECK(terminal.row(0) == "0");
    CHECK(terminal.row(19) == "19");
    CHECK(terminal.clean);
}

TEST_CASE("Absurd sizes are survived") {
    TextDisplay display;
    TextScreen screen = numbered(80, 25);
    screen.cursor = TextScreen::Cursor{79, 24};
    for (const TerminalSize size : {TerminalSize{0, 0}, TerminalSize{1, 1}, TerminalSize{1, 2},
                                    TerminalSize{0, 5}, TerminalSize{5, 0}, TerminalSize{2, 1}}) {
        EmulatedTerminal terminal(size.columns, size.rows);
        terminal.write(display.draw(screen, size, {"status", "notice"}));
        terminal.write(display.draw(plain(640, 480, 0x123456), size, {"status", "notice"}));
        terminal.write(display.draw(TextScreen{}, size, {}));
        terminal.write(display.draw(Picture{}, size, {}));
        CHECK(terminal.clean);
    }
}

TEST_CASE("A picture's dots are half cells") {
    TextDisplay display;
    EmulatedTerminal terminal(8, 3);
    Picture picture = plain(640, 480, 0);
    for (unsigned y = 0; y < 480; ++y)
        for (unsigned x = 0; x < 640; ++x) picture.row(y)[x] = y < 80 ? 0xff0000 : 0x0000ff;
    terminal.write(display.draw(picture, {8, 3}, {}));  // 8 × 6 half cells: 80 dots each
    CHECK(terminal.cell(0, 0) == "▀");
    CHECK(terminal.paint(0, 0) == "38;2;255;0;0 48;2;0;0;255 ");
    CHECK(terminal.cell(7, 2) == " ");
    CHECK(terminal.paint(7, 2) == "48;2;0;0;255 ");
    CHECK_FALSE(terminal.cursor_shown);
    CHECK(display.draw(picture, {8, 3}, {}).empty());
}

TEST_CASE("A picture keeps its shape, and dots are averaged") {
    TextDisplay display;
    EmulatedTerminal terminal(80, 25);
    Picture picture = plain(320, 200, 0x204060);  // 4:3, whatever its dots say
    for (unsigned i = 0; i < picture.pixels.size(); i += 5) picture.pixels[i] = 0x7090b0;
    terminal.write(display.draw(picture, {80, 25}, {"status", ""}));
    CHECK(terminal.row(24) == " status");
    // 24 rows are 48 half cells high and 64 wide.
    CHECK(terminal.paint(7, 0).empty());
    CHECK(terminal.paint(8, 0) == "48;2;48;80;112 ");
    CHECK(terminal.paint(71, 23) == "48;2;48;80;112 ");
    CHECK(terminal.paint(72, 23).empty());
    // A wide one of square dots leaves blanks above and below instead.
    terminal.write(display.draw(plain(1920, 1080, 0x010101), {80, 25}, {}));
    CHECK(terminal.paint(0, 0).empty());
    CHECK(terminal.paint(0, 12) == "48;2;1;1;1 ");
    CHECK(terminal.paint(79, 12) == "48;2;1;1;1 ");
    CHECK(terminal.paint(0, 24).empty());
    CHECK(terminal.clean);
}

TEST_CASE("A picture smaller than the terminal is enlarged") {
    TextDisplay display;
    EmulatedTerminal terminal(80, 30);
    Picture picture = plain(2, 2, 0);
    picture.pixels = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff};
    terminal.write(display.draw(picture, {80, 30}, {}));
    CHECK(terminal.paint(0, 0) == "48;2;255;0;0 ");
    CHECK(terminal.paint(79, 0) == "48;2;0;255;0 ");
    CHECK(terminal.paint(0, 29) == "48;2;0;0;255 ");
    CHECK(terminal.paint(79, 29) == "48;2;255;255;255 ");
}

}  // namespace seventeen::app
