// The VGA's regions: which part of the chip answers where.
#include "devices/vga.h"

#include "core/snapshot.h"
#include "devices/vga_render.h"
#include "devices/vga_timing.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr u8 kFloating = 0xff;

// Monochrome ports are found 10h below the movable ones of the colour range.
constexpr unsigned kMonochromeToColour = 0x10;
constexpr unsigned kMonochromeFirst = 0x04;  // 3B4h; those below are no VGA's

// The register window (QEMU: docs/specs/standard-vga, "Memory layout").
constexpr u64 kWindowPorts = 0x400;  // 3C0h to 3DFh
constexpr u64 kWindowVbe = 0x500;    // sixteen bits each
constexpr u64 kWindowVbeEnd = kWindowVbe + Vbe::kRegisters * 2u;

// Characters blink with bits 3 and 4 of the frame counter.
constexpr unsigned kBlinkShift = 3;

}  // namespace

Vga::Vga(const Scheduler& scheduler, u32 memory)
    : scheduler_(scheduler),
      registers_(scheduler),
      vbe_(memory),
      memory_(registers_, vbe_, memory) {}

VgaView Vga::view() const {
    return {registers_, memory_, vbe_, VgaTiming(registers_).frame(scheduler_.now())};
}

void Vga::render(Picture& picture) const {
    devices::render(view(), picture);
}

PictureRows Vga::update(Picture& picture) {
    const VgaView view = this->view();
    const bool blinks = registers_.text() && !vbe_.enabled();
    const Drawn now = {registers_.generation(), vbe_.generation(),
                       blinks ? view.frame >> kBlinkShift : 0};
    PictureRows rows;
    if (now != drawn_ || picture.pixels.empty() ||
        (!vbe_.linear() && memory_.dirty(0, static_cast<u32>(memory_.bytes().size())))) {
        devices::render(view, picture);
        rows = {0, picture.height};
    } else if (vbe_.linear()) {
        rows = render_dirty_rows(view, picture);
    }
    drawn_ = now;
    memory_.clean();
    return rows;
}

TextScreen Vga::text_screen() const {
    return devices::text_screen(view());
}

Scheduler::Nanoseconds Vga::frame_length() const {
    return VgaTiming(registers_).frame_length();
}

u8 Vga::read_byte(unsigned region, u64 offset) {
    switch (region) {
        case kPorts:
            if (offset >= VgaRegisters::kPorts) return kFloating;
            if (offset >= VgaRegisters::kMovable && !registers_.colour_ports()) return kFloating;
            return registers_.read(static_cast<unsigned>(offset));
        case kMonochromePorts:
            if (offset < kMonochromeFirst || offset >= kMonochromePortCount) return kFloating;
            if (registers_.colour_ports()) return kFloating;
            return registers_.read(static_cast<unsigned>(offset) + kMonochromeToColour);
        case kWindow:
            return offset < VgaMemory::kWindowSize ? memory_.read(static_cast<u32>(offset))
                                                   : kFloating;
        case kFramebuffer:
            return offset < memory_.bytes().size() ? memory_.bytes()[offset] : kFloating;
        case kRegisterWindow: return read_register_window(offset);
        default: return kFloating;
    }
}

void Vga::write_byte(unsigned region, u64 offset, u8 value) {
    switch (region) {
        case kPorts:
            if (offset >= VgaRegisters::kPorts) return;
            if (offset >= VgaRegisters::kMovable && !registers_.colour_ports()) return;
            registers_.write(static_cast<unsigned>(offset), value);
            return;
        case kMonochromePorts:
            if (offset < kMonochromeFirst || offset >= kMonochromePortCount) return;
            if (registers_.colour_ports()) return;
            registers_.write(static_cast<unsigned>(offset) + kMonochromeToColour, value);
            return;
        case kWindow:
            if (offset < VgaMemory::kWindowSize) memory_.write(static_cast<u32>(offset), value);
            return;
        case kFramebuffer:
            if (offset >= memory_.bytes().size()) return;
            memory_.bytes()[offset] = value;
            memory_.mark(static_cast<u32>(offset), 1);
            return;
        default: return;
    }
}

u8 Vga::read_register_window(u64 offset) {
    if (offset >= kWindowPorts && offset < kWindowPorts + VgaRegisters::kPorts)
        return read_byte(kPorts, offset - kWindowPorts);
    if (offset >= kWindowVbe && offset < kWindowVbeEnd) {
        const u16 value = vbe_.read(static_cast<unsigned>((offset - kWindowVbe) / 2));
        return static_cast<u8>(offset % 2 == 0 ? value : value >> 8);
    }
    return kFloating;
}

void Vga::write_register_window(u64 offset, u64 value, Width width) {
    if (offset >= kWindowVbe && offset < kWindowVbeEnd) {
        const unsigned first = static_cast<unsigned>((offset - kWindowVbe) / 2);
        for (unsigned i = 0; i < (width + 1) / 2; ++i)
            write_vbe(first + i, static_cast<u16>(value >> i * 16));
        return;
    }
    if (offset < kWindowPorts) return;
    for (unsigned i = 0; i < width; ++i)
        write_byte(kPorts, offset - kWindowPorts + i, static_cast<u8>(value >> i * 8));
}

void Vga::write_vbe(unsigned index, u16 value) {
    memory_.clear(vbe_.write(index, value));
    registers_.dac().set_wide(vbe_.wide_dac());
}

u64 Vga::read(unsigned region, u64 offset, Width width) {
    if (region == kVbePorts) return offset == 0 ? vbe_.index() : vbe_.read(vbe_.index());
    u64 value = 0;
    for (unsigned i = 0; i < width; ++i) value |= u64{read_byte(region, offset + i)} << i * 8;
    return value;
}

void Vga::write(unsigned region, u64 offset, u64 value, Width width) {
    if (region == kVbePorts) {
        if (offset == 0)
            vbe_.set_index(static_cast<u16>(value));
        else
            write_vbe(vbe_.index(), static_cast<u16>(value));
        return;
    }
    if (region == kRegisterWindow) return write_register_window(offset, value, width);
    for (unsigned i = 0; i < width; ++i)
        write_byte(region, offset + i, static_cast<u8>(value >> i * 8));
}

void Vga::reset() {
    registers_.reset();
    vbe_.reset();
    memory_.reset();
}

void Vga::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    registers_.save(writer);
    vbe_.save(writer);
    memory_.save(writer);
    writer.end();
}

void Vga::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    registers_.restore(reader);
    vbe_.restore(reader);
    memory_.restore(reader);
    reader.end();
}

}  // namespace seventeen::devices
