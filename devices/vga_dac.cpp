// The DAC's address and holding registers, and its colours as 8-bit components.
#include "devices/vga_dac.h"

namespace seventeen::devices {

namespace {

constexpr u8 kNarrow = 0x3f;  // six bits a component

// Six bits to eight, so that full scale stays full scale.
constexpr u8 widen(u8 component) {
    const unsigned six = component & kNarrow;
    return static_cast<u8>(six << 2 | six >> 4);
}

}  // namespace

void VgaDac::fetch() {
    holding_ = colours_[address_++];
    component_ = 0;
}

void VgaDac::set_read_address(u8 address) {
    reading_ = true;
    address_ = address;
    fetch();
}

void VgaDac::set_write_address(u8 address) {
    reading_ = false;
    address_ = address;
    component_ = 0;
}

u8 VgaDac::read() {
    const u8 value = holding_[component_];
    if (++component_ == holding_.size()) fetch();
    return value;
}

void VgaDac::write(u8 component) {
    holding_[component_] = wide_ ? component : component & kNarrow;
    if (++component_ < holding_.size()) return;
    colours_[address_++] = holding_;
    component_ = 0;
}

u32 VgaDac::colour(u8 pixel) const {
    u32 value = 0;
    for (const u8 component : colours_[pixel & mask_])
        value = value << 8 | (wide_ ? component : widen(component));
    return value;
}

void VgaDac::save(Writer& writer) const {
    for (const Colour& colour : colours_) writer.bytes(colour.data(), colour.size());
    writer.bytes(holding_.data(), holding_.size());
    writer.put(component_);
    writer.put(address_);
    writer.put(mask_);
    writer.put(reading_);
    writer.put(wide_);
}

void VgaDac::restore(Reader& reader) {
    for (Colour& colour : colours_) reader.bytes(colour.data(), colour.size());
    reader.bytes(holding_.data(), holding_.size());
    reader.get(component_);
    if (component_ >= holding_.size()) reader.damaged("the DAC has three components");
    reader.get(address_);
    reader.get(mask_);
    reader.get(reading_);
    reader.get(wide_);
}

}  // namespace seventeen::devices
