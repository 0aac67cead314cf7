// Vga: a VGA with Bochs' display interface and a linear framebuffer, as QEMU's standard VGA.
//
// One device of several parts: the register file, the Bochs display interface (Vbe), video memory
// with the CPU's data path to it, and functions that draw what registers and memory say. Nothing
// here ticks: the beam's place is computed from virtual time when a guest reads the status.
#pragma once

#include <string>

#include "core/device.h"
#include "core/scheduler.h"
#include "devices/picture.h"
#include "devices/vga_memory.h"
#include "devices/vga_registers.h"
#include "devices/vga_text.h"
#include "devices/vga_vbe.h"

namespace seventeen::devices {

class Vga final : public Device {
  public:
    enum Region : unsigned {
        kPorts,            // 3C0h to 3DFh
        kMonochromePorts,  // 3B0h to 3BBh
        kVbePorts,         // 1CEh to 1D0h: index, data, and data again
        kWindow,           // A0000h to BFFFFh
        kFramebuffer,      // all of video memory: PCI base address 0
        kRegisterWindow,   // PCI base address 2
    };
    static constexpr u64 kMonochromePortCount = 12;
    static constexpr u64 kVbePortCount = 3;
    static constexpr u64 kRegisterWindowSize = 0x1000;
    static constexpr u16 kPciVendor = 0x1234;
    static constexpr u16 kPciDevice = 0x1111;
    static constexpr u32 kDefaultMemory = 16u << 20;

    // `memory` bytes: a power of two, at least 256 KiB.
    explicit Vga(const Scheduler& scheduler, u32 memory = kDefaultMemory);

    // What the monitor shows now.
    void render(Picture& picture) const;
    // Brings the picture of the last update up to date and returns the rows that were drawn; for
    // one front end, since it forgets what was dirty.
    PictureRows update(Picture& picture);
    // 0 × 0 in graphics modes.
    TextScreen text_screen() const;
    // Whoever writes video memory other than through this chip marks it dirty there.
    VgaMemory& memory() { return memory_; }
    // From one frame to the next, for a front end to pace itself by.
    Scheduler::Nanoseconds frame_length() const;

    std::string_view name() const override { return "vga"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    // What a picture depends on besides video memory.
    struct Drawn {
        u64 registers = 0;
        u64 vbe = 0;
        u64 blink = 0;
        bool operator==(const Drawn&) const = default;
    };

    VgaView view() const;
    u8 read_byte(unsigned region, u64 offset);
    void write_byte(unsigned region, u64 offset, u8 value);
    u8 read_register_window(u64 offset);
    void write_register_window(u64 offset, u64 value, Width width);
    void write_vbe(unsigned index, u16 value);

    const Scheduler& scheduler_;
    VgaRegisters registers_;
    Vbe vbe_;
    VgaMemory memory_;
    Drawn drawn_;
};

}  // namespace seventeen::devices
