// TerminalGrid: what a terminal's cells hold, and the escape codes that turn one grid into another.
//
// Escape codes are ECMA-48's with xterm's true colours; every terminal of today knows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace seventeen::app {

struct TerminalSize {
    unsigned columns = 0;
    unsigned rows = 0;
    bool operator==(const TerminalSize&) const = default;
};

// One of the terminal's sixteen colours (in its own order: 1 is red, 4 is blue), any colour at all,
// or whatever the terminal starts with.
class Colour {
  public:
    static constexpr Colour of_terminal() { return Colour(kTerminal); }
    static constexpr Colour of_palette(u8 index) { return Colour(index); }
    static constexpr Colour of_rgb(u32 rgb) { return Colour(kRgb | rgb); }
    bool operator==(const Colour&) const = default;

    // As parameters of SGR, for the foreground (`base` 30) or the background (40).
    std::string parameters(unsigned base) const;

  private:
    static constexpr u32 kRgb = 1u << 24;
    static constexpr u32 kTerminal = 1u << 25;

    constexpr explicit Colour(u32 value) : value_(value) {}

    u32 value_;
};

struct Paint {
    Colour foreground = Colour::of_terminal();
    Colour background = Colour::of_terminal();
    bool blinks = false;
    bool operator==(const Paint&) const = default;
};

struct GridCell {
    std::string glyph = " ";  // one character in UTF-8, one cell wide
    Paint paint;
    bool operator==(const GridCell&) const = default;
};

struct GridPlace {
    unsigned column = 0;
    unsigned row = 0;
    bool operator==(const GridPlace&) const = default;
};

class TerminalGrid {
  public:
    TerminalGrid() = default;
    explicit TerminalGrid(TerminalSize size)
        : size_(size), cells_(std::size_t{size.columns} * size.rows) {}

    TerminalSize size() const { return size_; }
    GridCell& at(GridPlace place) { return cells_[index(place)]; }
    const GridCell& at(GridPlace place) const { return cells_[index(place)]; }
    // A whole row: the text, as much as fits, then blanks.
    void fill_row(unsigned row, std::string_view text, const Paint& paint);

    std::optional<GridPlace> cursor;

  private:
    std::size_t index(GridPlace place) const {
        return std::size_t{place.row} * size_.columns + place.column;
    }

    TerminalSize size_;
    std::vector<GridCell> cells_;
};

// Clears a terminal: what it shows then is a fresh grid.
std::string clearing();
// Turns a terminal that shows `shown` into one that shows `wanted`; both have one size. Nothing
// where they are equal.
std::string difference(const TerminalGrid& shown, const TerminalGrid& wanted);

}  // namespace seventeen::app
