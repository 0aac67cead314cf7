// VgaMemory: video memory, as the CPU sees it through the VGA's data path and as it is scanned out.
//
// The four planes are interleaved: byte 4a + p is byte a of plane p, so that one 32-bit word is
// what the VGA moves at once. The linear framebuffer and VBE's modes see the same bytes in order.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "core/types.h"
#include "devices/vga_registers.h"
#include "devices/vga_vbe.h"

namespace seventeen::devices {

class VgaMemory {
  public:
    static constexpr u32 kWindowSize = 0x20000;  // A0000h to BFFFFh
    static constexpr u32 kPlaneMask = 0xffff;    // a VGA's plane has 64 KiB

    VgaMemory(const VgaRegisters& registers, const Vbe& vbe, u32 size);

    // Through the window, at an offset from A0000h; nothing answers outside the selected map.
    u8 read(u32 offset);
    void write(u32 offset, u8 value);

    // Byte `address` of all planes, plane 0 lowest.
    u32 planes(u32 address) const {
        u32 word;
        std::memcpy(&word, bytes_.data() + std::size_t{address} * sizeof word, sizeof word);
        return word;
    }
    // The linear framebuffer. Who writes through it marks what was written.
    std::span<u8> bytes() { return bytes_; }
    std::span<const u8> bytes() const { return bytes_; }
    void clear(u32 size);

    // Which pages have changed since clean() was called.
    void mark(u32 offset, u32 size);
    bool dirty(u32 offset, u32 size) const;
    void clean();

    void reset();
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    std::optional<u32> mapped(u32 offset) const;
    u32 plane_address(u32 mapped, bool odd_even) const;
    u32 modified(u8 value) const;
    u32 combined(u32 data, u8 bit_mask) const;

    const VgaRegisters& registers_;
    const Vbe& vbe_;
    std::vector<u8> bytes_;
    std::vector<u8> dirty_;  // one a page
    bool any_dirty_ = true;
    u32 latch_ = 0;
};

}  // namespace seventeen::devices
