// What answers at which physical address: RAM, firmware, the VGA, and what PCI functions decode.
#include <algorithm>

#include "core/error.h"
#include "machine/firmware.h"
#include "machine/memory_map.h"
#include "machine/pc.h"

namespace seventeen::machine {

namespace {

using devices::PamRange;
using devices::PciFunction;
using devices::SmramControl;
using devices::Vga;

}  // namespace

void Pc::map_memory() {
    mmu::PhysicalMemory& memory = platform_.memory();
    const u64 low = std::min(memory.ram_size(), kLowMemoryEnd);
    memory.map_ram({0}, low, 0);
    if (memory.ram_size() > low) memory.map_ram({kHighMemory}, memory.ram_size() - low, low);
    memory.map_mmio(kVideoMemory, kVideoMemorySize);
    Bus& mmio = platform_.mmio();
    mmio.claim({.first = kVideoMemory.value,
                .size = kVideoMemorySize,
                .device = &vga_,
                .region = Vga::kWindow,
                .widest = 4});
    mmio.claim({.first = kShadowMemory.value,
                .size = kShadowMemorySize,
                .device = &shadow_port_,
                .widest = 1});
    map_firmware();
    pci_host_.on_pam([this](const PamRange& range) { shadow(range); });
    pci_host_.on_smram([this](const SmramControl& control) { open_smram(control); });
    pci_host_.reset();

    place_windows();
}

// What the guest places.
void Pc::place_windows() {
    using devices::VgaFunction;
    windows_.follow(vga_function_, {{VgaFunction::kFramebufferBar, &vga_, Vga::kFramebuffer, 8},
                                    {VgaFunction::kRegisterBar, &vga_, Vga::kRegisterWindow, 4},
                                    {PciFunction::kRomBar, &vga_rom_chip_, 0, 4}});
    windows_.follow(ide_bus_master_, {{devices::IdeBusMaster::kBar, &ide_bus_master_,
                                       devices::IdeBusMaster::kRegisters, 4}});
    const std::size_t power =
        windows_.add(platform_.ports(), {.first = 0,
                                         .size = devices::PowerFunction::kRegistersSize,
                                         .device = &power_,
                                         .region = devices::PowerManagement::kPmRegisters,
                                         .widest = 4});
    power_function_.on_moved(
        [this, power](PciFunction::BarAddress now) { windows_.move(power, now); });
}

void Pc::map_firmware() {
    check_firmware(firmware_);
    const std::span<const u8> rom(firmware_);
    platform_.memory().map_rom({kFirmwareHighEnd - rom.size()}, rom);
}

// What the bridge does not send to RAM goes to the firmware; what is left floats.
void Pc::shadow(const PamRange& range) {
    mmu::PhysicalMemory& memory = platform_.memory();
    const u64 from_start = range.first.value - kShadowMemory.value;
    const u64 rom_start = kFirmwareLowEnd - std::min<u64>(firmware_.size(), kFirmwareLowLargest);
    shadow_port_.let_writes_through(from_start, range.size, range.write_ram);
    if (range.read_ram && range.write_ram) {
        memory.map_ram(range.first, range.size, range.first.value);
    } else if (range.read_ram) {
        memory.map_ram_read_only(range.first, range.size, range.first.value);
    } else if (!range.write_ram && range.first.value >= rom_start) {
        const u64 from_end = kFirmwareLowEnd - range.first.value;
        memory.map_rom(range.first,
                       std::span<const u8>(firmware_).last(from_end).first(range.size));
    } else {
        memory.map_mmio(range.first, range.size);
    }
}

// System management mode does not exist here, so that only the open window matters.
void Pc::open_smram(const SmramControl& control) {
    if (control.open)
        platform_.memory().map_ram(kVideoMemory, kVideoMemorySize, kVideoMemory.value);
    else
        platform_.memory().map_mmio(kVideoMemory, kVideoMemorySize);
}

void Pc::update_a20() {
    platform_.memory().set_a20(keyboard_controller_.a20().level() || system_control_.a20().level());
}

}  // namespace seventeen::machine
