// What firmware is told: the CMOS RAM, whose layout is the PC's, and QEMU's fw_cfg items.
#include <algorithm>
#include <utility>

#include "machine/boot_rom.h"
#include "machine/memory_map.h"
#include "machine/pc.h"

namespace seventeen::machine {

namespace {

using devices::FirmwareConfig;
using devices::MemoryMapEntry;

constexpr u64 kKilobyte = 1024;
constexpr u64 kMegabyte = kKilobyte * kKilobyte;
constexpr u32 kRam = 1;

// CMOS RAM, as the PC/AT has it and SeaBIOS reads it (its src/hw/rtc.h).
constexpr unsigned kFloppyTypes = 0x10;
constexpr unsigned kDiskTypes = 0x12;
constexpr unsigned kEquipment = 0x14;
constexpr unsigned kBaseMemory = 0x15;       // KiB, two bytes
constexpr unsigned kExtendedMemory = 0x17;   // KiB above 1 MiB, at most 63 MiB
constexpr unsigned kExtendedMemory2 = 0x30;  // the same again
constexpr unsigned kMemoryAbove16M = 0x34;   // in units of 64 KiB, two bytes
constexpr unsigned kMemoryAbove4G = 0x5b;    // in units of 64 KiB, three bytes
constexpr u64 kBaseKilobytes = 640;

// Equipment byte.
constexpr u8 kFloppyInstalled = 0x01;
constexpr u8 kCoprocessor = 0x02;
constexpr u8 kPs2Mouse = 0x04;

std::string ide_path(unsigned unit) {
    const std::string channel = std::to_string(unit / 2);
    const std::string place = std::to_string(unit % 2);
    return "/pci@i0cf8/ide@1,1/drive@" + channel + "/disk@" + place;
}

std::string virtio_path(unsigned device) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string slot;
    if (device > 15) slot += kDigits[device / 16];
    slot += kDigits[device % 16];
    return "/pci@i0cf8/scsi@" + slot + "/disk@0,0";
}

}  // namespace

void Pc::tell_firmware() {
    describe_memory();
    describe_drives();
    describe_boot_order();
    firmware_config_.set_cpu_count(1);
    firmware_config_.add_u32(FirmwareConfig::Key::kIrq0Override, 1);
    firmware_config_.add_u16(FirmwareConfig::Key::kBootMenu, options_.boot_menu ? 1 : 0);
    if (options_.kernel) {
        firmware_config_.set_kernel(std::move(*options_.kernel));
        firmware_config_.add_file(kBootRomFile, boot_rom());
    }
}

void Pc::describe_memory() {
    const u64 ram = platform_.memory().ram_size();
    const u64 low = std::min(ram, kLowMemoryEnd);
    const u64 high = ram - low;
    firmware_config_.set_memory_size(low);
    std::vector<MemoryMapEntry> map{{0, low, kRam}};
    if (high != 0) map.push_back({kHighMemory, high, kRam});
    firmware_config_.set_memory_map(map);

    const auto store = [this](unsigned index, u64 value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            clock_.set_memory(index + i, static_cast<u8>(value >> 8 * i));
    };
    const u64 extended =
        low < kMegabyte ? 0 : std::min((low - kMegabyte) / kKilobyte, 63 * kKilobyte);
    constexpr u64 kUnit = 64 * kKilobyte;
    const u64 above16 = low > 16 * kMegabyte ? (low - 16 * kMegabyte) / kUnit : 0;
    store(kBaseMemory, kBaseKilobytes, 2);
    store(kExtendedMemory, extended, 2);
    store(kExtendedMemory2, extended, 2);
    store(kMemoryAbove16M, above16, 2);
    store(kMemoryAbove4G, high / kUnit, 3);
}

// A drive without a disk is one for 1.44 MB disks.
void Pc::describe_drives() {
    using devices::FloppyDriveType;
    const auto type = [this](unsigned number) -> u8 {
        const devices::FloppyDrive& drive = floppy_.drive(number);
        if (drive.loaded()) return static_cast<u8>(drive.geometry().drive);
        return number == 0 ? static_cast<u8>(FloppyDriveType::k1440K) : 0;
    };
    const u8 first = type(0);
    const u8 second = type(1);
    clock_.set_memory(kFloppyTypes, static_cast<u8>(first << 4 | second));
    const u8 second_installed = second != 0 ? 0x40 : 0;
    clock_.set_memory(kEquipment, kFloppyInstalled | kCoprocessor | kPs2Mouse | second_installed);
    u8 disks = 0;
    if (options_.ide[0].kind == IdeUnit::Kind::kDisk) disks |= 0xf0;
    if (options_.ide[1].kind == IdeUnit::Kind::kDisk) disks |= 0x0f;
    clock_.set_memory(kDiskTypes, disks);
}

void Pc::describe_boot_order() {
    std::vector<std::string> paths;
    if (options_.kernel) paths.emplace_back(kBootRomPath);
    const auto add_drives = [&](IdeUnit::Kind kind) {
        for (unsigned unit = 0; unit < options_.ide.size(); ++unit)
            if (options_.ide[unit].kind == kind) paths.push_back(ide_path(unit));
    };
    for (const char device : options_.boot_order) {
        if (device == 'a') paths.emplace_back("/pci@i0cf8/isa@1/fdc@03f0/floppy@0");
        if (device == 'c') {
            add_drives(IdeUnit::Kind::kDisk);
            for (unsigned number = 0; number < virtio_disks_.size(); ++number)
                paths.push_back(virtio_path(kFirstVirtioDevice + number));
        }
        if (device == 'd') add_drives(IdeUnit::Kind::kCdrom);
    }
    firmware_config_.set_boot_order(paths);
}

}  // namespace seventeen::machine
