// VGA text modes: the characters on the screen, and the dots that a scan line of them makes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/types.h"
#include "devices/vga_scan.h"

namespace seventeen::devices {

struct TextCell {
    u8 character = ' ';  // in the font's code, code page 437 unless the guest loaded another
    u8 attribute = 0;    // foreground in bits 0 to 3, background in bits 4 to 7
    bool operator==(const TextCell&) const = default;
};

// What a text mode shows; 0 × 0 in graphics modes and while the screen is off.
struct TextScreen {
    struct Cursor {
        unsigned column = 0;
        unsigned row = 0;
    };

    unsigned columns = 0;
    unsigned rows = 0;
    bool blinks = false;          // attribute bit 7 does not brighten the background
    std::vector<TextCell> cells;  // row by row
    std::optional<Cursor> cursor;

    const TextCell& cell(unsigned column, unsigned row) const {
        return cells[std::size_t{row} * columns + column];
    }
    // A row as UTF-8, without the blanks at its end.
    std::string text(unsigned row) const;
};

// Code page 437 in UTF-8, with the pictures of its control characters.
std::string utf8(u8 character);

TextScreen text_screen(const VgaView& view);

// The four-bit colours of one scan line, as many characters as fill `dots`.
void draw_text_line(const VgaView& view, const VgaScan& scan, std::span<u8> dots);

}  // namespace seventeen::devices
