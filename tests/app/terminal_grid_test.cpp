// Differences between grids, as a terminal obeys them.
#include "app/terminal_grid.h"

#include <catch2/catch.hpp>

#include "tests/app/emulated_terminal.h"

namespace seventeen::app {

namespace {

constexpr TerminalSize kSize{10, 3};
constexpr Paint kRed{Colour::of_palette(1), Colour::of_palette(12)};

}  // namespace

TEST_CASE("Equal grids differ by nothing") {
    TerminalGrid grid(kSize);
    grid.fill_row(1, "text", {});
    CHECK(difference(grid, grid).empty());
}

TEST_CASE("Only cells that changed are written") {
    EmulatedTerminal terminal(10, 3);
    TerminalGrid first(kSize);
    first.fill_row(0, "some text", {});
    terminal.write(clearing() + difference(TerminalGrid(kSize), first));
    CHECK(terminal.row(0) == "some text");
    CHECK(terminal.written == 8);  // not the blank
    TerminalGrid second = first;
    second.at({5, 0}).glyph = "n";
    second.at({9, 2}).glyph = "ä";
    terminal.write(difference(first, second));
    CHECK(terminal.row(0) == "some next");
    CHECK(terminal.row(2) == "         ä");
    CHECK(terminal.written == 10);
    CHECK(terminal.clean);
}

TEST_CASE("Neighbours need no movement between them, a new row does") {
    TerminalGrid grid(kSize);
    grid.fill_row(0, "abc", {});
    CHECK(difference(TerminalGrid(kSize), grid) == "\x1b[1;1H\x1b[0mabc");
    grid.fill_row(0, "0123456789", {});
    grid.at({0, 1}).glyph = "x";
    CHECK(difference(TerminalGrid(kSize), grid) == "\x1b[1;1H\x1b[0m0123456789\x1b[2;1Hx");
}

TEST_CASE("Colours are sent where they change") {
    TerminalGrid grid(kSize);
    grid.at({0, 0}) = {"a", kRed};
    grid.at({1, 0}) = {"b", kRed};
    grid.at({2, 0}) = {"c", {Colour::of_palette(9), Colour::of_rgb(0x010203)}};
    grid.at({3, 0}) = {"d", {Colour::of_terminal(), Colour::of_rgb(0x010203), true}};
    CHECK(difference(TerminalGrid(kSize), grid) ==
          "\x1b[1;1H\x1b[0;31;104mab\x1b[91;48;2;1;2;3mc\x1b[5;39md");
}

TEST_CASE("Rows are filled to their ends, with whole characters") {
    TerminalGrid grid(kSize);
    grid.fill_row(0, "0123456789abc", kRed);
    grid.fill_row(1, "ä€", kRed);
    CHECK(grid.at({9, 0}).glyph == "9");
    CHECK(grid.at({0, 1}).glyph == "ä");
    CHECK(grid.at({1, 1}).glyph == "€");
    CHECK(grid.at({2, 1}) == GridCell{" ", kRed});
}

TEST_CASE("The cursor goes back to its place after whatever was written") {
    EmulatedTerminal terminal(10, 3);
    TerminalGrid first(kSize);
    terminal.write(clearing());
    CHECK_FALSE(terminal.cursor_shown);
    TerminalGrid second = first;
    second.cursor = GridPlace{4, 2};
    terminal.write(difference(first, second));
    CHECK(terminal.cursor_shown);
    CHECK(terminal.column == 4);
    CHECK(terminal.line == 2);
    TerminalGrid third = second;
    third.at({0, 0}).glyph = "x";
    terminal.write(difference(second, third));
    CHECK(terminal.column == 4);
    CHECK(terminal.line == 2);
    TerminalGrid fourth = third;
    fourth.cursor.reset();
    terminal.write(difference(third, fourth));
    CHECK_FALSE(terminal.cursor_shown);
}

}  // namespace seventeen::app
