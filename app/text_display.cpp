// Lays the guest's screen out on the terminal's grid.
#include "app/text_display.h"

#include <algorithm>
#include <array>
#include <utility>

namespace seventeen::app {

namespace {

using devices::Picture;
using devices::TextCell;
using devices::TextScreen;

// The terminal's colours in the VGA's order, whose bit 0 is blue and whose bit 2 is red.
constexpr std::array<u8, 16> kVgaColours = {0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15};
constexpr u8 kBlinkAttribute = 0x80;
constexpr Paint kFooterPaint{Colour::of_palette(0), Colour::of_palette(7)};

constexpr const char* kUpperHalf = "▀";
// Modes of fewer scan lines than VGA's 480 fill a 4:3 screen; the dots of others are square.
constexpr unsigned kSquareDotLines = 480;

Paint paint_of(const TextCell& cell, bool blinks) {
    const bool blinking = blinks && (cell.attribute & kBlinkAttribute) != 0;
    const unsigned background = cell.attribute >> 4 & (blinks ? 0x7 : 0xf);
    return {Colour::of_palette(kVgaColours[cell.attribute & 0xf]),
            Colour::of_palette(kVgaColours[background]), blinking};
}

bool draw_footer(TerminalGrid& grid, const Footer& footer, bool status_fits) {
    const std::string& text = footer.notice.empty() ? footer.status : footer.notice;
    if (text.empty() || grid.size().rows < 2 || (footer.notice.empty() && !status_fits))
        return false;
    grid.fill_row(grid.size().rows - 1, " " + text, kFooterPaint);
    return true;
}

// One direction of a text screen on the terminal.
struct Span {
    unsigned first = 0;  // of the guest's cells
    unsigned count = 0;
    unsigned at = 0;  // the terminal's cell that shows the first
};

// Scrolls from `first` only as far as it must for the cursor to be seen.
Span placed(unsigned first, unsigned cells, unsigned room, std::optional<unsigned> cursor) {
    if (cells <= room) return {0, cells, (room - cells) / 2};
    if (cursor) {
        first = std::min(first, *cursor);
        if (*cursor >= first + room) first = *cursor - room + 1;
    }
    return {std::min(first, cells - room), room, 0};
}

struct Extent {
    unsigned width = 0;
    unsigned height = 0;
};

Extent fitted(const Picture& picture, Extent room) {
    const bool square = picture.height >= kSquareDotLines;
    const u64 across = square ? picture.width : 4;
    const u64 down = square ? picture.height : 3;
    const u64 width = std::min<u64>(room.width, room.height * across / down);
    return {std::max(1u, static_cast<unsigned>(width)),
            std::max(1u, std::min(room.height, static_cast<unsigned>(width * down / across)))};
}

// The mean colour of those of the picture's dots that fall on one dot of the scaled one.
u32 sampled(const Picture& picture, Extent scaled, unsigned x, unsigned y) {
    const auto range = [](unsigned position, unsigned from, unsigned to) {
        const unsigned first = static_cast<unsigned>(u64{position} * from / to);
        const unsigned end = static_cast<unsigned>((u64{position} + 1) * from / to);
        return std::pair(first, std::max(end, first + 1));
    };
    const auto [left, right] = range(x, picture.width, scaled.width);
    const auto [top, bottom] = range(y, picture.height, scaled.height);
    u64 red = 0;
    u64 green = 0;
    u64 blue = 0;
    for (unsigned row = top; row < bottom; ++row)
        for (unsigned column = left; column < right; ++column) {
            const u32 pixel = picture.at(column, row);
            red += pixel >> 16 & 0xff;
            green += pixel >> 8 & 0xff;
            blue += pixel & 0xff;
        }
    const u64 count = u64{right - left} * (bottom - top);
    return static_cast<u32>(red / count << 16 | green / count << 8 | blue / count);
}

GridCell half_blocks(u32 upper, std::optional<u32> lower) {
    if (lower == upper) return {" ", {Colour::of_terminal(), Colour::of_rgb(upper)}};
    return {kUpperHalf,
            {Colour::of_rgb(upper), lower ? Colour::of_rgb(*lower) : Colour::of_terminal()}};
}

}  // namespace

std::string TextDisplay::draw(const TextScreen& screen, TerminalSize size, const Footer& footer) {
    TerminalGrid grid(size);
    const bool has_footer = draw_footer(grid, footer, screen.rows < size.rows);
    std::optional<unsigned> cursor_column;
    std::optional<unsigned> cursor_row;
    if (screen.cursor) {
        cursor_column = screen.cursor->column;
        cursor_row = screen.cursor->row;
    }
    const Span across = placed(first_.column, screen.columns, size.columns, cursor_column);
    const Span down = placed(first_.row, screen.rows, size.rows - (has_footer ? 1 : 0), cursor_row);
    first_ = {across.first, down.first};
    for (unsigned row = 0; row < down.count; ++row)
        for (unsigned column = 0; column < across.count; ++column) {
            const TextCell& cell = screen.cell(across.first + column, down.first + row);
            grid.at({across.at + column, down.at + row}) = {devices::utf8(cell.character),
                                                            paint_of(cell, screen.blinks)};
        }
    if (screen.cursor && across.count != 0 && down.count != 0)
        grid.cursor = GridPlace{across.at + *cursor_column - across.first,
                                down.at + *cursor_row - down.first};
    return show(std::move(grid));
}

std::string TextDisplay::draw(const Picture& picture, TerminalSize size, const Footer& footer) {
    TerminalGrid grid(size);
    const unsigned rows = size.rows - (draw_footer(grid, footer, true) ? 1 : 0);
    if (picture.pixels.empty() || rows == 0 || size.columns == 0) return show(std::move(grid));
    const Extent extent = fitted(picture, {size.columns, 2 * rows});
    const unsigned used_rows = (extent.height + 1) / 2;
    const unsigned left = (size.columns - extent.width) / 2;
    const unsigned top = (rows - used_rows) / 2;
    for (unsigned row = 0; row < used_rows; ++row)
        for (unsigned column = 0; column < extent.width; ++column) {
            std::optional<u32> lower;
            if (2 * row + 1 < extent.height) lower = sampled(picture, extent, column, 2 * row + 1);
            grid.at({left + column, top + row}) =
                half_blocks(sampled(picture, extent, column, 2 * row), lower);
        }
    return show(std::move(grid));
}

std::string TextDisplay::show(TerminalGrid wanted) {
    std::string codes;
    if (!shown_ || shown_->size() != wanted.size()) {
        codes = clearing();
        shown_ = TerminalGrid(wanted.size());
    }
    codes += difference(*shown_, wanted);
    shown_ = std::move(wanted);
    return codes;
}

}  // namespace seventeen::app
