// The configuration space of the standard VGA.
#include "devices/vga_function.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

}  // namespace

VgaFunction::VgaFunction(u32 memory, u32 rom)
    : PciFunction({.vendor = Vga::kPciVendor,
                   .device = Vga::kPciDevice,
                   .class_code = 0x030000,  // VGA-compatible controller
                   .revision = 2}) {
    add_bar(kFramebufferBar, PciSpace::kPrefetchable, memory);
    add_bar(kRegisterBar, PciSpace::kMemory, static_cast<u32>(Vga::kRegisterWindowSize));
    if (rom != 0) add_bar(kRomBar, PciSpace::kMemory, rom);
    reset_config();
}

void VgaFunction::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    writer.end();
}

void VgaFunction::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    reader.end();
}

}  // namespace seventeen::devices
