// VgaGuest: drives a VGA through its ports and windows, and sets BIOS modes as a video BIOS does.
#pragma once

#include <array>
#include <string_view>

#include "devices/vga.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

// A row of the video BIOS's parameter table (IBM PS/2 and PC BIOS Technical Reference).
struct VgaMode {
    u8 miscellaneous;
    std::array<u8, 4> sequencer;  // from index 1
    std::array<u8, 0x19> crtc;
    std::array<u8, 9> graphics;
    std::array<u8, 5> attribute;  // from index 10h
};

inline constexpr VgaMode kMode03 = {
    0x67,
    {0x00, 0x03, 0x00, 0x02},
    {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff},
    {0x0c, 0x00, 0x0f, 0x08, 0x00}};
inline constexpr VgaMode kMode04 = {
    0x63,
    {0x09, 0x03, 0x00, 0x02},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x00, 0xff},
    {0x01, 0x00, 0x03, 0x00, 0x00}};
inline constexpr VgaMode kMode0d = {
    0x63,
    {0x09, 0x0f, 0x00, 0x06},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc0, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xe3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff},
    {0x01, 0x00, 0x0f, 0x00, 0x00}};
inline constexpr VgaMode kMode12 = {
    0xe3,
    {0x01, 0x0f, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff},
    {0x01, 0x00, 0x0f, 0x00, 0x00}};
inline constexpr VgaMode kMode13 = {
    0x63,
    {0x01, 0x0f, 0x00, 0x0e},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff},
    {0x41, 0x00, 0x0f, 0x00, 0x00}};

struct VgaGuest {
    static constexpr u64 kTextBuffer = 0x18000;  // B8000h in the window

    TestClock clock;
    Vga vga{clock.scheduler};

    // Ports by their numbers.
    void out(unsigned port, u8 value) {
        if (port >= 0x3c0)
            vga.write(Vga::kPorts, port - 0x3c0, value, 1);
        else
            vga.write(Vga::kMonochromePorts, port - 0x3b0, value, 1);
    }
    unsigned in(unsigned port) {
        return static_cast<unsigned>(port >= 0x3c0
                                         ? vga.read(Vga::kPorts, port - 0x3c0, 1)
                                         : vga.read(Vga::kMonochromePorts, port - 0x3b0, 1));
    }
    // Index and data in one 16-bit OUT, as guests like it.
    void set(unsigned port, u8 index, u8 value) {
        vga.write(Vga::kPorts, port - 0x3c0, index | value << 8, 2);
    }
    unsigned get(unsigned port, u8 index) {
        out(port, index);
        return in(port + 1);
    }
    void sequencer(u8 index, u8 value) { set(0x3c4, index, value); }
    void graphics(u8 index, u8 value) { set(0x3ce, index, value); }
    void crtc(u8 index, u8 value) { set(0x3d4, index, value); }
    void attribute(u8 index, u8 value) {
        in(0x3da);
        out(0x3c0, index);
        out(0x3c0, value);
        in(0x3da);
        out(0x3c0, 0x20);
    }
    // Six bits a component, from rrggbb.
    void colour(u8 index, u32 value) {
        out(0x3c8, index);
        for (const unsigned shift : {16u, 8u, 0u}) out(0x3c9, static_cast<u8>(value >> shift));
    }

    void set_mode(const VgaMode& mode) {
        out(0x3c2, mode.miscellaneous);
        sequencer(0, 1);
        for (u8 i = 0; i < 4; ++i) sequencer(static_cast<u8>(i + 1), mode.sequencer[i]);
        sequencer(0, 3);
        crtc(0x11, 0);
        for (u8 i = 0; i < mode.crtc.size(); ++i) crtc(i, mode.crtc[i]);
        for (u8 i = 0; i < mode.graphics.size(); ++i) graphics(i, mode.graphics[i]);
        for (u8 i = 0; i < 16; ++i) attribute(i, i);
        for (u8 i = 0; i < 5; ++i) attribute(static_cast<u8>(0x10 + i), mode.attribute[i]);
        for (unsigned i = 0; i < 256; ++i) colour(static_cast<u8>(i), i / 4 << 16 | i % 64);
        out(0x3c6, 0xff);
    }
    // What `colour` of set_mode's DAC looks like.
    static u32 shade(unsigned index) {
        const auto wide = [](unsigned six) { return six << 2 | six >> 4; };
        return wide(index / 4) << 16 | wide(index % 64);
    }

    void poke(u64 offset, u8 value) { vga.write(Vga::kWindow, offset, value, 1); }
    unsigned peek(u64 offset) { return static_cast<unsigned>(vga.read(Vga::kWindow, offset, 1)); }
    void type(unsigned column, unsigned row, std::string_view text, u8 attribute = 0x07) {
        for (const char letter : text) {
            const u64 at = kTextBuffer + (row * 80 + column++) * 2;
            vga.write(Vga::kWindow, at, static_cast<u8>(letter) | attribute << 8, 2);
        }
    }
    // The glyph rows of a character, as a video BIOS loads them: plane 2, at A0000h.
    void load_glyph(u16 font, u8 character, std::string_view rows) {
        sequencer(2, 0x04);
        sequencer(4, 0x06);
        graphics(5, 0x00);
        graphics(6, 0x04);
        for (unsigned i = 0; i < rows.size(); ++i)
            poke(font + character * 32u + i, static_cast<u8>(rows[i]));
        sequencer(2, 0x03);
        sequencer(4, 0x02);
        graphics(5, 0x10);
        graphics(6, 0x0e);
    }

    void vbe(unsigned index, unsigned value) {
        vga.write(Vga::kVbePorts, 0, index, 2);
        vga.write(Vga::kVbePorts, 1, value, 2);
    }
    unsigned vbe(unsigned index) {
        vga.write(Vga::kVbePorts, 0, index, 2);
        return static_cast<unsigned>(vga.read(Vga::kVbePorts, 1, 2));
    }
    void set_vbe(unsigned width, unsigned height, unsigned depth, unsigned flags = 0x41) {
        vbe(4, 0);
        vbe(1, width);
        vbe(2, height);
        vbe(3, depth);
        vbe(4, flags);
        in(0x3da);
        out(0x3c0, 0x20);
    }
    void draw(u64 offset, u64 value, Width width) {
        vga.write(Vga::kFramebuffer, offset, value, width);
    }

    Picture picture() const {
        Picture result;
        vga.render(result);
        return result;
    }
};

}  // namespace seventeen::devices
