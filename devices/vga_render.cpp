// Planar, interleaved, 256-colour and linear pixels, through palette and DAC.
#include "devices/vga_render.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "devices/vga_text.h"

namespace seventeen::devices {

namespace {

constexpr unsigned kCharacterDots = 8;  // of graphics
constexpr unsigned kWidestPanning = 9;  // dots
constexpr u8 kPlanes = 0x0f;
constexpr u8 kPaletteEntries = 16;
constexpr unsigned kIdleWidth = 640;  // a monitor without a signal
constexpr unsigned kIdleHeight = 480;

using Colours = std::array<u32, 256>;

// The DAC's address of a four-bit colour (IBM: "Color Select Register").
u8 palette(const VgaRegisters& registers, u8 colour) {
    const u8 entry = registers.attribute(colour);
    const u8 select = registers.attribute(attribute::kColourSelect);
    const u8 mode = registers.attribute(attribute::kModeControl);
    const unsigned high = (select & 0x0cu) << 4;
    if ((mode & attribute::kPaletteSize) != 0)
        return static_cast<u8>(high | (select & 3u) << 4 | (entry & 0x0fu));
    return static_cast<u8>(high | entry);
}

bool has_256_colours(const VgaRegisters& registers) {
    return !registers.text() && (registers.graphics(graphics::kMode) & graphics::kShift256) != 0;
}

// Of everything that the pixels of a line can be.
Colours colours_of(const VgaRegisters& registers, bool direct) {
    Colours colours{};
    const unsigned count = direct ? 256 : kPaletteEntries;
    for (unsigned i = 0; i < count; ++i) {
        const u8 pixel = static_cast<u8>(i);
        colours[i] = registers.dac().colour(direct ? pixel : palette(registers, pixel));
    }
    return colours;
}

// Dot `dot` of four planes that are shifted out one bit each.
u8 planar(u32 word, unsigned dot) {
    const u32 bits = word >> (7 - dot) & 0x01010101;
    return static_cast<u8>((bits | bits >> 7 | bits >> 14 | bits >> 21) & kPlanes);
}

// Planes 0 and 2 make the first four pixels, 1 and 3 the others, two bits each ("Shift Register").
u8 interleaved(u32 word, unsigned dot) {
    const u32 pair = dot < 4 ? word : word >> 8;
    const unsigned shift = 6 - dot % 4 * 2;
    return static_cast<u8>((pair >> shift & 3) | (pair >> (16 + shift) & 3) << 2);
}

void draw_graphics_line(const VgaView& view, const VgaScan& scan, std::span<u8> dots) {
    const u8 mode = view.registers.graphics(graphics::kMode);
    const u8 enabled = view.registers.attribute(attribute::kPlaneEnable) & kPlanes;
    for (std::size_t first = 0; first + kCharacterDots <= dots.size(); first += kCharacterDots) {
        const u32 word =
            view.memory.planes(scan.address(static_cast<unsigned>(first / kCharacterDots)));
        for (unsigned dot = 0; dot < kCharacterDots; ++dot) {
            u8& pixel = dots[first + dot];
            if ((mode & graphics::kShift256) != 0)
                pixel = static_cast<u8>(word >> dot / 2 * 8);
            else if ((mode & graphics::kShiftInterleaved) != 0)
                pixel = interleaved(word, dot) & enabled;
            else
                pixel = planar(word, dot) & enabled;
        }
    }
}

void render_vga(const VgaView& view, Picture& picture) {
    const VgaRegisters& registers = view.registers;
    const bool text = registers.text();
    const unsigned characters = registers.crtc(crtc::kHorizontalDisplayEnd) + 1u;
    const unsigned character = text ? registers.dots_per_character() : kCharacterDots;
    const unsigned stretch = registers.half_dot_clock() ? 2 : 1;
    picture.resize(characters * character * stretch, registers.vertical_display_end() + 1);
    const Colours colours = colours_of(registers, has_256_colours(registers));
    // Panning needs a character, with nine dots of it at most, beyond the last.
    std::vector<u8> dots((characters + 2) * character);
    static_assert(kWidestPanning < 2 * kCharacterDots);
    VgaScan scan(registers);
    for (unsigned y = 0; y < picture.height; ++y, scan.next()) {
        if (text)
            draw_text_line(view, scan, dots);
        else
            draw_graphics_line(view, scan, dots);
        u32* row = picture.row(y);
        const unsigned panning = scan.panning();
        for (unsigned x = 0; x < picture.width; ++x) row[x] = colours[dots[panning + x / stretch]];
    }
}

constexpr u32 rgb(u32 red, u32 green, u32 blue) {
    return red << 16 | green << 8 | blue;
}

// A component of `bits` bits at `shift`, its upper bits repeated below so that white stays white.
constexpr u32 component(u32 pixel, unsigned shift, unsigned bits) {
    const u32 value = pixel >> shift & ((1u << bits) - 1);
    return value << (8 - bits) | value >> (2 * bits - 8);
}

u32 true_colour(const u8* pixel, unsigned depth) {
    const u32 low = static_cast<u32>(pixel[0] | pixel[1] << 8);
    if (depth == 15) return rgb(component(low, 10, 5), component(low, 5, 5), component(low, 0, 5));
    if (depth == 16) return rgb(component(low, 11, 5), component(low, 5, 6), component(low, 0, 5));
    return low | static_cast<u32>(pixel[2]) << 16;
}

// Where row y begins in video memory, in pixels.
std::size_t row_start(const Vbe& vbe, unsigned y) {
    return std::size_t{vbe.y_offset() + y} * vbe.virtual_width() + vbe.x_offset();
}

void draw_planar_row(const VgaView& view, const Colours& colours, unsigned y, u32* row) {
    const u8 enabled = view.registers.attribute(attribute::kPlaneEnable) & kPlanes;
    const std::size_t start = row_start(view.vbe, y);
    for (unsigned x = 0; x < view.vbe.width(); ++x) {
        const std::size_t at = start + x;
        const u32 word = view.memory.planes(static_cast<u32>(at / kCharacterDots));
        row[x] = colours[planar(word, at % kCharacterDots) & enabled];
    }
}

void draw_linear_row(const VgaView& view, const Colours& colours, unsigned y, u32* row) {
    const Vbe& vbe = view.vbe;
    const unsigned step = vbe.pixel_bytes();
    const u8* pixel = view.memory.bytes().data() + row_start(vbe, y) * step;
    for (unsigned x = 0; x < vbe.width(); ++x, pixel += step)
        row[x] = step == 1 ? colours[*pixel] : true_colour(pixel, vbe.depth());
}

void render_vbe(const VgaView& view, Picture& picture) {
    picture.resize(view.vbe.width(), view.vbe.height());
    const Colours colours = colours_of(view.registers, view.vbe.linear());
    for (unsigned y = 0; y < picture.height; ++y) {
        if (view.vbe.linear())
            draw_linear_row(view, colours, y, picture.row(y));
        else
            draw_planar_row(view, colours, y, picture.row(y));
    }
}

bool blanked(const VgaRegisters& registers) {
    return (registers.sequencer(sequencer::kClockingMode) & sequencer::kScreenOff) != 0 ||
           !registers.displays();
}

}  // namespace

void render(const VgaView& view, Picture& picture) {
    const VgaRegisters& registers = view.registers;
    const bool running = (registers.crtc(crtc::kModeControl) & crtc::kRunning) != 0;
    if (view.vbe.enabled())
        render_vbe(view, picture);
    else if (running)
        render_vga(view, picture);
    else
        picture.resize(kIdleWidth, kIdleHeight);
    if (!blanked(registers)) return;
    // The border's colour fills a screen whose pixels are off, unless the sequencer blanks all.
    const u32 border = registers.dac().colour(registers.attribute(attribute::kOverscan));
    std::fill(picture.pixels.begin(), picture.pixels.end(), registers.displays() ? 0 : border);
}

PictureRows render_dirty_rows(const VgaView& view, Picture& picture) {
    PictureRows drawn;
    const Vbe& vbe = view.vbe;
    if (blanked(view.registers)) return drawn;
    const Colours colours = colours_of(view.registers, true);
    for (unsigned y = 0; y < picture.height; ++y) {
        const std::size_t start = row_start(vbe, y) * vbe.pixel_bytes();
        if (!view.memory.dirty(static_cast<u32>(start), vbe.width() * vbe.pixel_bytes())) continue;
        draw_linear_row(view, colours, y, picture.row(y));
        drawn.add(y);
    }
    return drawn;
}

}  // namespace seventeen::devices
