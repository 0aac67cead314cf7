// Vbe: the Bochs display interface, which sets modes that a VGA has not, through two 16-bit ports.
//
// Bochs' iodev/display/vbe.h and QEMU's docs/specs/standard-vga give the registers; values out of
// range are corrected as QEMU corrects them, so that drivers find what they expect.
#pragma once

#include <array>

#include "core/snapshot.h"
#include "core/types.h"

namespace seventeen::devices {

class Vbe {
  public:
    static constexpr unsigned kMaxWidth = 2560;
    static constexpr unsigned kMaxHeight = 1600;
    static constexpr unsigned kBankSize = 0x10000;
    enum Register : unsigned {
        kId,
        kWidth,
        kHeight,
        kDepth,
        kEnable,
        kBank,
        kVirtualWidth,
        kVirtualHeight,  // read only
        kXOffset,
        kYOffset,
        kMemoryBanks,  // read only
        kRegisters,
    };

    // The size of video memory in bytes: a power of two.
    explicit Vbe(u32 memory);

    u16 index() const { return index_; }
    void set_index(u16 index) { index_ = index; }
    u16 read(unsigned index) const;
    // Returns how many bytes from the start of video memory the write clears.
    u32 write(unsigned index, u16 value);

    bool enabled() const;
    bool linear() const;    // enabled, and a pixel is a whole number of bytes
    bool wide_dac() const;  // eight bits a component
    unsigned width() const { return registers_[kWidth]; }
    unsigned height() const { return registers_[kHeight]; }
    unsigned depth() const { return registers_[kDepth]; }
    unsigned virtual_width() const { return registers_[kVirtualWidth]; }
    unsigned x_offset() const { return registers_[kXOffset]; }
    unsigned y_offset() const { return registers_[kYOffset]; }
    unsigned pixel_bytes() const { return (depth() + 7) / 8; }
    // Of video memory, from one row to the next.
    u32 line_bytes() const;
    // Where the window begins, in what it addresses: bytes, or bytes of a plane.
    u32 bank_offset() const { return enabled() ? registers_[kBank] * kBankSize : 0; }

    // Counts writes that may change the picture.
    u64 generation() const { return generation_; }

    void reset();
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    u32 write_enable(u16 value);
    void correct();

    u32 memory_;
    u64 generation_ = 0;
    u16 index_ = 0;
    std::array<u16, kRegisters> registers_{};
};

}  // namespace seventeen::devices
