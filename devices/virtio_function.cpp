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
constexpr unsigned kInterruptLine = 0x3c;
constexpr unsigned kInterruptPin = 0x3d;

// The places in a capability, and where each capability stands.
constexpr unsigned kCapabilityBar = 4;
constexpr unsigned kCapabilityOffset = 8;
constexpr unsigned kCapabilityLength = 12;
constexpr unsigned kCapabilityExtra = 16;
constexpr unsigned kCommonAt = 0x40;
constexpr unsigned kInterruptAt = 0x50;
constexpr unsigned kConfigAt = 0x60;
constexpr unsigned kNotifyAt = 0x70;
constexpr unsigned kWindow = 0x84;
constexpr unsigned kWindowData = kWindow + kCapabilityExtra;

// Configuration space behind the base addresses.
using ConfigSpace = std::array<u8, PciFunction::kConfigSize>;

constexpr void put(ConfigSpace& space, unsigned at, u32 value) {
    for (unsigned i = 0; i < 4; ++i) space[at + i] = static_cast<u8>(value >> 8 * i);
}

constexpr void put_capability(ConfigSpace& space, unsigned at, unsigned next, u8 type) {
    const unsigned size = type == kNotifyCapability || type == kWindowCapability ? 20 : 16;
    put(space, at, kVendorCapability | next << 8 | size << 16 | u32{type} << 24);
    if (type == kWindowCapability) return;
    space[at + kCapabilityBar] = VirtioFunction::kModernBar;
    put(space, at + kCapabilityLength, kStructureSize);
}

constexpr ConfigSpace lay_out() {
    ConfigSpace space{};
    space[kCapabilityPointer] = kCommonAt;
    put_capability(space, kCommonAt, kInterruptAt, kCommonCapability);
    put_capability(space, kInterruptAt, kConfigAt, kInterruptCapability);
    put_capability(space, kConfigAt, kNotifyAt, kConfigCapability);
    put_capability(space, kNotifyAt, kWindow, kNotifyCapability);
    put_capability(space, kWindow, 0, kWindowCapability);
    put(space, kCommonAt + kCapabilityOffset, kCommonStructure);
    put(space, kInterruptAt + kCapabilityOffset, kInterruptStructure);
    put(space, kConfigAt + kCapabilityOffset, kConfigStructure);
    put(space, kNotifyAt + kCapabilityOffset, kNotifyStructure);
    put(space, kNotifyAt + kCapabilityExtra, kNotifyMultiplier);
    return space;
}

constexpr ConfigSpace kSpace = lay_out();

// What software may change there: of the window all but its header and what pads it.
bool changes(unsigned at) {
    const bool in_window = at >= kWindow + kCapabilityBar && at < kWindowData + 4;
    const bool padding = at > kWindow + kCapabilityBar && at < kWindow + kCapabilityOffset;
    return at == kInterruptLine || (in_window && !padding);
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
    define(kCapabilityPointer, 1, kSpace[kCapabilityPointer], 0);
    for (unsigned i = kCommonAt; i < kConfigSize; ++i)
        define(i, 1, kSpace[i], changes(i) ? 0xff : 0);
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
    for (unsigned i = kCapabilityPointer; i < kConfigSize; ++i)
        if (!changes(i) && i != kInterruptPin && config(i) != kSpace[i])
            reader.damaged("capabilities of another function");
}

}  // namespace seventeen::devices
