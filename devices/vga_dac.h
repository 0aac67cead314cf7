// VgaDac: the palette DAC: 256 colours of 6 or 8 bits a component behind one address register.
#pragma once

#include <array>

#include "core/snapshot.h"
#include "core/types.h"

namespace seventeen::devices {

// As the Inmos IMSG171: the address register and the holding register serve reads and writes alike.
class VgaDac {
  public:
    u8 mask() const { return mask_; }
    void set_mask(u8 mask) { mask_ = mask; }
    // What 3C7h reads: 0 after a write address, 3 after a read address.
    u8 state() const { return reading_ ? 3 : 0; }
    void set_read_address(u8 address);
    void set_write_address(u8 address);
    u8 address() const { return address_; }
    u8 read();  // the next component
    void write(u8 component);
    void set_wide(bool wide) { wide_ = wide; }  // 8 bits a component

    // 0x00rrggbb of a pixel, through the PEL mask.
    u32 colour(u8 pixel) const;

    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    using Colour = std::array<u8, 3>;  // red, green, blue

    void fetch();

    std::array<Colour, 256> colours_{};
    Colour holding_{};
    u8 component_ = 0;  // of the holding register, next
    u8 address_ = 0;
    u8 mask_ = 0xff;
    bool reading_ = false;
    bool wide_ = false;
};

}  // namespace seventeen::devices
