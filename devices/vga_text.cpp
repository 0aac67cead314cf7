// Characters, attributes, fonts, cursor, blink and underline of the VGA's text modes.
#include "devices/vga_text.h"

#include <array>

namespace seventeen::devices {

namespace {

constexpr u8 kScanLineMask = 0x1f;
constexpr unsigned kGlyphSize = 32;  // bytes from one character's glyph to the next
constexpr unsigned kFontPlane = 2;
constexpr unsigned kCursorFramesShift = 3;     // it blinks with the frame counter's bit 3,
constexpr unsigned kCharacterFramesShift = 4;  // characters half as fast
constexpr unsigned kSkewShift = 5;
constexpr unsigned kSkewMask = 3;

// Attribute bits.
constexpr u8 kColourMask = 0x0f;
constexpr u8 kFontSelect = 0x08;
constexpr u8 kBlinkAttribute = 0x80;
constexpr u8 kUnderlineMask = 0x77;
constexpr u8 kUnderlined = 0x01;

constexpr u8 kFullRow = 0xff;
// Line graphics: their eighth dot is repeated as the ninth.
constexpr u8 kFirstLineGraphic = 0xc0;
constexpr u8 kLastLineGraphic = 0xdf;

constexpr char32_t kCodePage437[] =
    U"\u0020\u263a\u263b\u2665\u2666\u2663\u2660\u2022\u25d8\u25cb\u25d9\u2642\u2640\u266a\u266b"
    U"\u263c"
    U"\u25ba\u25c4\u2195\u203c\u00b6\u00a7\u25ac\u21a8\u2191\u2193\u2192\u2190\u221f\u2194\u25b2"
    U"\u25bc"
    U" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
    U"{|}~\u2302"
    U"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»"
    U"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
    U"αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
static_assert(sizeof kCodePage437 / sizeof *kCodePage437 == 257);

unsigned columns_of(const VgaRegisters& registers) {
    return registers.crtc(crtc::kHorizontalDisplayEnd) + 1u;
}

TextCell cell_at(const VgaView& view, const VgaScan& scan, unsigned column) {
    const u32 word = view.memory.planes(scan.address(column));
    return {static_cast<u8>(word), static_cast<u8>(word >> 8)};
}

bool cursor_enabled(const VgaRegisters& registers) {
    const u8 start = registers.crtc(crtc::kCursorStart);
    return (start & crtc::kCursorOff) == 0 &&
           (start & kScanLineMask) <= (registers.crtc(crtc::kCursorEnd) & kScanLineMask);
}

// The cursor shows on this scan line of its row; an end before the start shows none on a VGA.
bool cursor_on_line(const VgaView& view, unsigned row_scan) {
    const VgaRegisters& registers = view.registers;
    return cursor_enabled(registers) && (view.frame >> kCursorFramesShift & 1) == 0 &&
           row_scan >= (registers.crtc(crtc::kCursorStart) & kScanLineMask) &&
           row_scan <= (registers.crtc(crtc::kCursorEnd) & kScanLineMask);
}

unsigned cursor_counter(const VgaRegisters& registers) {
    const unsigned skew = registers.crtc(crtc::kCursorEnd) >> kSkewShift & kSkewMask;
    return (registers.pair(crtc::kCursorHigh) + skew) & 0xffff;
}

// IBM: "Character Map Select Register": bits 0, 1, 4 choose map B and 2, 3, 5 map A, of 8 KiB each.
u16 font_base(u8 select, bool map_a) {
    const unsigned low = map_a ? select >> 2 & 3u : select & 3u;
    const unsigned high = map_a ? select >> 5 & 1u : select >> 4 & 1u;
    return static_cast<u16>(low << 14 | high << 13);
}

struct Glyph {
    unsigned row = 0;  // of eight dots, the leftmost highest
    bool ninth = false;
    u8 foreground = 0;
    u8 background = 0;
};

Glyph glyph_of(const VgaView& view, const VgaScan& scan, TextCell cell, bool cursor) {
    const VgaRegisters& registers = view.registers;
    const u8 mode = registers.attribute(attribute::kModeControl);
    const u16 font = font_base(registers.sequencer(sequencer::kCharacterMap),
                               (cell.attribute & kFontSelect) != 0);
    const u32 address = (font + cell.character * kGlyphSize + scan.row_scan()) & 0xffff;
    Glyph glyph;
    glyph.row = view.memory.planes(address) >> kFontPlane * 8 & 0xff;
    glyph.foreground = cell.attribute & kColourMask;
    glyph.background = cell.attribute >> 4;
    if ((mode & attribute::kBlink) != 0) {
        glyph.background &= kColourMask >> 1;
        const bool dark = (view.frame >> kCharacterFramesShift & 1) != 0;
        if ((cell.attribute & kBlinkAttribute) != 0 && dark) glyph.row = 0;
    }
    const bool underlined = (cell.attribute & kUnderlineMask) == kUnderlined &&
                            scan.row_scan() == (registers.crtc(crtc::kUnderline) & kScanLineMask);
    const bool solid = cursor || underlined;
    if (solid) glyph.row = kFullRow;
    const bool line_graphic = (mode & attribute::kLineGraphics) != 0 &&
                              cell.character >= kFirstLineGraphic &&
                              cell.character <= kLastLineGraphic;
    glyph.ninth = solid || (line_graphic && (glyph.row & 1) != 0);
    return glyph;
}

}  // namespace

std::string utf8(u8 character) {
    const char32_t code = kCodePage437[character];
    const auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(code)};
    return {static_cast<char>(0xe0 | code >> 12), tail(code >> 6), tail(code)};
}

std::string TextScreen::text(unsigned row) const {
    std::string text;
    std::size_t end = 0;
    for (unsigned column = 0; column < columns; ++column) {
        text += utf8(cell(column, row).character);
        if (text.back() != ' ') end = text.size();
    }
    text.resize(end);
    return text;
}

TextScreen text_screen(const VgaView& view) {
    const VgaRegisters& registers = view.registers;
    TextScreen screen;
    const bool running = (registers.crtc(crtc::kModeControl) & crtc::kRunning) != 0;
    if (!registers.text() || view.vbe.enabled() || !registers.displays() || !running) return screen;
    screen.columns = columns_of(registers);
    screen.blinks = (registers.attribute(attribute::kModeControl) & attribute::kBlink) != 0;
    VgaScan scan(registers);
    unsigned last_counter = 0x10000;  // none
    for (unsigned line = 0; line <= registers.vertical_display_end(); ++line, scan.next()) {
        const bool begins = line == 0 || scan.row_scan() == 0;
        if (!begins || scan.counter(0) == last_counter) continue;  // or a doubled scan line
        last_counter = scan.counter(0);
        for (unsigned column = 0; column < screen.columns; ++column) {
            if (cursor_enabled(registers) && scan.counter(column) == cursor_counter(registers))
                screen.cursor = TextScreen::Cursor{column, screen.rows};
            screen.cells.push_back(cell_at(view, scan, column));
        }
        ++screen.rows;
    }
    return screen;
}

void draw_text_line(const VgaView& view, const VgaScan& scan, std::span<u8> dots) {
    const unsigned width = view.registers.dots_per_character();
    const bool cursor_line = cursor_on_line(view, scan.row_scan());
    const unsigned cursor = cursor_counter(view.registers);
    const u8 enabled = view.registers.attribute(attribute::kPlaneEnable) & kColourMask;
    for (unsigned column = 0; (column + 1) * width <= dots.size(); ++column) {
        const bool at_cursor = cursor_line && scan.counter(column) == cursor;
        const Glyph glyph = glyph_of(view, scan, cell_at(view, scan, column), at_cursor);
        const unsigned row = glyph.row << 1 | (glyph.ninth ? 1 : 0);
        for (unsigned dot = 0; dot < width; ++dot) {
            const bool lit = (row >> (8 - dot) & 1) != 0;
            dots[column * width + dot] = (lit ? glyph.foreground : glyph.background) & enabled;
        }
    }
}

}  // namespace seventeen::devices
