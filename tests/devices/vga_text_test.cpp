// VGA text: glyphs, ninth dot, colours, cursor, blink, underline, two fonts and the text screen.
#include "devices/vga_text.h"

#include <catch2/catch.hpp>
#include <string_view>

#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

namespace {

// 70 blanks and a word, as the last columns of a row read.
constexpr std::string_view kBlanksThenEnd =
    "                                                                      end";
static_assert(kBlanksThenEnd.size() == 73);

constexpr u64 kFrame = 14'268'061;

struct Text : VgaGuest {
    Text() {
        set_mode(kMode03);
        crtc(0x0a, 0x20);  // no cursor
        load_glyph(0, 'A', "\x18\x81\xff");
        load_glyph(0, 0xc4, std::string_view("\0\xff", 2));
        load_glyph(0x4000, 'A', "\x01");
    }
    // Nine dots, # foreground and . background, ? anything else.
    std::string dots(unsigned column, unsigned y, unsigned foreground = 7, unsigned back = 0,
                     unsigned width = 9) {
        const Picture picture = this->picture();
        std::string result;
        for (unsigned x = column * width; x < (column + 1) * width; ++x) {
            const u32 pixel = picture.at(x, y);
            result += pixel == shade(foreground) ? '#' : pixel == shade(back) ? '.' : '?';
        }
        return result;
    }
};

}  // namespace

TEST_CASE("VGA text: glyphs in nine dots, line graphics carry on") {
    Text guest;
    guest.type(1, 0, "A\xc4");
    const Picture picture = guest.picture();
    CHECK(picture.width == 720);
    CHECK(picture.height == 400);
    CHECK(guest.dots(1, 0) == "...##....");
    CHECK(guest.dots(1, 1) == "#......#.");
    CHECK(guest.dots(1, 2) == "########.");
    CHECK(guest.dots(2, 1) == "#########");
    guest.attribute(0x10, 0x08);  // no line graphics
    CHECK(guest.dots(2, 1) == "########.");
    guest.sequencer(1, 0x01);  // eight dots
    CHECK(guest.picture().width == 640);
    CHECK(guest.dots(1, 1, 7, 0, 8) == "#......#");
    guest.sequencer(1, 0x09);  // 40 columns' dot clock
    CHECK(guest.picture().width == 1280);
}

TEST_CASE("VGA text: colours, palette and DAC pages") {
    Text guest;
    guest.type(0, 1, "A", 0x2e);
    CHECK(guest.dots(0, 18, 14, 2) == "########.");
    guest.attribute(14, 0x35);
    CHECK(guest.dots(0, 18, 0x35, 2) == "########.");
    guest.attribute(0x14, 0x0c);
    CHECK(guest.dots(0, 18, 0xf5, 0xc2) == "########.");
    guest.attribute(0x10, 0x8c);
    guest.attribute(0x14, 0x06);
    CHECK(guest.dots(0, 18, 0x65, 0x62) == "########.");
    guest.attribute(0x12, 0x03);
    CHECK(guest.dots(0, 18, 0x62, 0x62) == "#########");
    guest.out(0x3c6, 0x0f);
    CHECK(guest.dots(0, 18, 2, 2) == "#########");
}

TEST_CASE("VGA text: blink, or sixteen backgrounds") {
    Text guest;
    guest.type(0, 0, "A", 0x97);
    CHECK(guest.dots(0, 2, 7, 1) == "########.");
    guest.clock.advance(16 * kFrame);
    CHECK(guest.dots(0, 2, 7, 1) == ".........");
    guest.attribute(0x10, 0x04);
    CHECK(guest.dots(0, 2, 7, 9) == "########.");
    CHECK_FALSE(guest.vga.text_screen().blinks);
    guest.attribute(0x10, 0x0c);
    CHECK(guest.vga.text_screen().blinks);
    guest.clock.advance(16 * kFrame);
    CHECK(guest.dots(0, 2, 7, 1) == "########.");
}

TEST_CASE("VGA text: the cursor, its shape and its blink") {
    Text guest;
    guest.crtc(0x0a, 13);
    guest.crtc(0x0b, 14);
    guest.crtc(0x0e, 0);
    guest.crtc(0x0f, 81);
    guest.type(1, 1, " ");
    CHECK(guest.dots(1, 16 + 12) == ".........");
    CHECK(guest.dots(1, 16 + 13) == "#########");
    CHECK(guest.dots(1, 16 + 14) == "#########");
    CHECK(guest.dots(1, 16 + 15) == ".........");
    CHECK(guest.dots(0, 16 + 13, 0, 0) == "#########");
    guest.clock.advance(8 * kFrame);
    CHECK(guest.dots(1, 16 + 13) == ".........");
    guest.clock.advance(8 * kFrame);
    CHECK(guest.dots(1, 16 + 13) == "#########");
    const TextScreen screen = guest.vga.text_screen();
    REQUIRE(screen.cursor);
    CHECK(screen.cursor->column == 1);
    CHECK(screen.cursor->row == 1);
    guest.crtc(0x0b, 12);  // ends before it starts
    CHECK(guest.dots(1, 16 + 13) == ".........");
    CHECK_FALSE(guest.vga.text_screen().cursor);
}

TEST_CASE("VGA text: underline where the attribute is 1") {
    Text guest;
    guest.crtc(0x14, 0x0d);
    guest.type(0, 0, "A", 0x01);
    guest.type(1, 0, "A", 0x07);
    CHECK(guest.dots(0, 13, 1, 0) == "#########");
    CHECK(guest.dots(0, 12, 1, 0) == ".........");
    CHECK(guest.dots(1, 13, 7, 0) == ".........");
}

TEST_CASE("VGA text: attribute bit 3 chooses between two fonts") {
    Text guest;
    guest.sequencer(3, 0x04);  // map A at 16 KiB, map B at 0
    guest.type(0, 0, "A", 0x0f);
    guest.type(1, 0, "A", 0x07);
    CHECK(guest.dots(0, 0, 15) == ".......#.");
    CHECK(guest.dots(1, 0, 7) == "...##....");
    guest.load_glyph(0x2000, 'A', "\xf0");
    guest.sequencer(3, 0x20);  // map A at 8 KiB
    CHECK(guest.dots(0, 0, 15) == "####.....");
}

TEST_CASE("VGA text: the screen's characters, from its start address and across a split") {
    Text guest;
    for (unsigned row = 0; row < 50; ++row) guest.type(0, row, std::string(80, ' '));
    guest.type(0, 0, "C:\\>dir \xc9\xcd");
    guest.type(70, 24, "end");
    TextScreen screen = guest.vga.text_screen();
    CHECK(screen.columns == 80);
    CHECK(screen.rows == 25);
    CHECK(screen.text(0) == "C:\\>dir ╔═");
    CHECK(screen.text(1).empty());
    CHECK(screen.text(24) == kBlanksThenEnd);
    CHECK(screen.cell(0, 0) == TextCell{'C', 0x07});
    guest.crtc(0x0d, 24 * 80 % 256);
    guest.crtc(0x0c, 24 * 80 / 256);
    guest.crtc(0x18, 319 - 256);  // 20 rows of 16 lines
    guest.crtc(0x07, 0x1f);
    guest.crtc(0x09, 0x0f);
    screen = guest.vga.text_screen();
    CHECK(screen.rows == 25);
    CHECK(screen.text(0) == kBlanksThenEnd);
    CHECK(screen.text(20) == "C:\\>dir ╔═");
    guest.set_mode(kMode13);
    CHECK(guest.vga.text_screen().rows == 0);
}

TEST_CASE("VGA text: code page 437") {
    CHECK(utf8(0x00) == " ");
    CHECK(utf8(0x01) == "☺");
    CHECK(utf8(0x7e) == "~");
    CHECK(utf8(0x7f) == "⌂");
    CHECK(utf8(0x80) == "Ç");
    CHECK(utf8(0xb0) == "░");
    CHECK(utf8(0xdb) == "█");
    CHECK(utf8(0xe1) == "ß");
    CHECK(utf8(0xfe) == "■");
}

TEST_CASE("VGA text: panning moves nine dots from 8 through 7, bytes and preset rows too") {
    Text guest;
    guest.type(0, 0, "AA");
    CHECK(guest.dots(0, 2) == "########.");
    guest.attribute(0x13, 0);
    CHECK(guest.dots(0, 2) == "#######.#");
    guest.attribute(0x13, 7);
    CHECK(guest.dots(0, 2) == ".########");
    guest.attribute(0x13, 8);
    guest.crtc(0x08, 0x20 | 2);
    CHECK(guest.dots(0, 0) == "########.");
    CHECK(guest.dots(1, 0, 0, 0) == "#########");
}

}  // namespace seventeen::devices
