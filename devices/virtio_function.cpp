// Virtio's capabilities, the window onto its structures, and its interrupt.
#include "devices/virtio_function.h"

#include <array>

#include "core/snapshot.h"
#include "devices/virtio_registers.h"

namespace seventeen::devices {

using namespace virtio;

namespace {

constexpr unsigned kPciStatus = 0x06;
constexpr u8 kPciInterruptStatus = 0x08;
constexpr u8 kCapabilityList = 0x10;
constexpr unsigned kCapabilityPointer = 0x34;

// What is common to virtio's capabilities: places within one, and where each stands.
constexpr unsigned kCapabilityBar = 4;
constexpr unsigned kCapabilityOffset = 8;
constexpr unsigned kCapabilityLength = 12;
constexpr unsigned kCapabilityExtra = 16;
struct Capability {
    u8 place;
    u8 next;
    u8 size;
    u8 type;
    u32 offset;
    u32 length;
};
constexpr unsigned kNotifyAt = 0x70;
constexpr unsigned kWindow = 0x84;
constexpr unsigned kWindowData = kWindow + kCapabilityExtra;
constexpr std::array<Capability, 5> kCapabilities = {{
    {0x40, 0x50, 16, kCommonCapability, kCommonStructure, kStructureSize},
    {0x50, 0x60, 16, kInterruptCapability, kInterruptStructure, kStructureSize},
    {0x60, kNotifyAt, 16, kConfigCapability, kConfigStructure, kStructureSize},
    {kNotifyAt, kWindow, 20, kNotifyCapability, kNotifyStructure, kStructureSize},
    {kWindow, 0, 20, kWindowCapability, 0, 0},
}};

u32 header(const Capability& it) {
    return u32{kVendorCapability} | u32{it.next} << 8 | u32{it.size} << 16 | u32{it.type} << 24;
}

}  // namespace

VirtioFunction::VirtioFunction(u16 device, u16 transitional, u32 class_code)
    : PciFunction({.vendor = 0x1af4,
                   .device = transitional,
                   .class_code = class_code,
                   .subsystem = device,
                   .interrupt_pin = 1}) {
    define(kPciStatus, 1, kCapabilityList, 0);
    add_bar(kLegacyBar, PciSpace::kIo, kLegacySize);
    add_bar(kModernBar, PciSpace::kMemory, kModernSize);
    add_capabilities();
}

void VirtioFunction::add_capabilities() {
    define(kCapabilityPointer, 1, kCapabilities.front().place, 0);
    for (const Capability& it : kCapabilities) {
        define(it.place, 4, header(it), 0);
        define(it.place + kCapabilityBar, 1, kModernBar, 0);
        define(it.place + kCapabilityOffset, 4, it.offset, 0);
        define(it.place + kCapabilityLength, 4, it.length, 0);
    }
    define(kNotifyAt + kCapabilityExtra, 4, kNotifyMultiplier, 0);
    define(kWindow + kCapabilityBar, 1, 0, 0xff);
    for (const unsigned field : {kCapabilityOffset, kCapabilityLength, kCapabilityExtra})
        define(kWindow + field, 4, 0, 0xffff'ffff);
}

// The PCI status register tells of it too (4.1.4.5.1).
void VirtioFunction::show_interrupt(bool level) {
    set_config(kPciStatus, level ? kCapabilityList | kPciInterruptStatus : kCapabilityList);
    pci_interrupt().set(level);
}

// Which region the window of the last capability shows, if what it says is an access (4.1.4.9).
std::optional<unsigned> VirtioFunction::window_region() const {
    const u8 bar = config(kWindow + kCapabilityBar);
    const u64 offset = read_config(kWindow + kCapabilityOffset, 4);
    const u64 length = read_config(kWindow + kCapabilityLength, 4);
    if (length != 1 && length != 2 && length != 4) return {};
    if (offset % length != 0 || bar >= kBars || offset + length > bar_size(bar)) return {};
    return bar == kLegacyBar ? kLegacy : kModern;
}

void VirtioFunction::prepare_config_read(unsigned offset) {
    const std::optional<unsigned> region = window_region();
    if ((offset & ~3u) != kWindowData || !region) return;
    const u32 length = read_config(kWindow + kCapabilityLength, 4);
    const u64 value = read(*region, read_config(kWindow + kCapabilityOffset, 4), length);
    for (unsigned i = 0; i < length; ++i)
        set_config(kWindowData + i, static_cast<u8>(value >> 8 * i));
}

void VirtioFunction::write_config(unsigned offset, u32 value, Width width) {
    PciFunction::write_config(offset, value, width);
    const std::optional<unsigned> region = window_region();
    if ((offset & ~3u) != kWindowData || !region) return;
    const u32 length = read_config(kWindow + kCapabilityLength, 4);
    write(*region, read_config(kWindow + kCapabilityOffset, 4), read_config(kWindowData, length),
          length);
}

void VirtioFunction::restore_function(Reader& reader) {
    restore_config(reader);
    for (const Capability& it : kCapabilities) {
        const bool place = it.type == kWindowCapability ||
                           (read_config(it.place + kCapabilityBar, 1) == kModernBar &&
                            read_config(it.place + kCapabilityOffset, 4) == it.offset &&
                            read_config(it.place + kCapabilityLength, 4) == it.length);
        if (!place || read_config(it.place, 4) != header(it))
            reader.damaged("capabilities of another function");
    }
}

}  // namespace seventeen::devices
