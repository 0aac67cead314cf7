// The registers and bits of virtio over PCI that all its devices share (VIRTIO 1.2, 2.1, 4.1, 6).
#pragma once

#include "core/types.h"

namespace seventeen::devices::virtio {

// Device status (2.1).
inline constexpr u8 kDriverOk = 0x04;
inline constexpr u8 kFeaturesOk = 0x08;
inline constexpr u8 kNeedsReset = 0x40;
inline constexpr u8 kAcknowledgeAndDriver = 0x03;

// Features that are no device's own (6).
inline constexpr u64 kAnyLayout = u64{1} << 27;  // the legacy interface's only (6.3)
inline constexpr u64 kIndirectDescriptors = u64{1} << 28;
inline constexpr u64 kEventIndex = u64{1} << 29;
inline constexpr u64 kVersion1 = u64{1} << 32;

// Interrupt status (4.1.4.5).
inline constexpr u8 kQueueInterrupt = 0x01;
inline constexpr u8 kConfigInterrupt = 0x02;

// The legacy interface (4.1.4.10): base address 0, I/O.
inline constexpr unsigned kLegacyDeviceFeatures = 0;
inline constexpr unsigned kLegacyDriverFeatures = 4;
inline constexpr unsigned kLegacyQueueAddress = 8;  // in pages
inline constexpr unsigned kLegacyQueueSize = 12;
inline constexpr unsigned kLegacyQueueSelect = 14;
inline constexpr unsigned kLegacyQueueNotify = 16;
inline constexpr unsigned kLegacyStatus = 18;
inline constexpr unsigned kLegacyInterruptStatus = 19;
inline constexpr unsigned kLegacyConfig = 20;
inline constexpr u64 kLegacyAlignment = 4096;  // of a page, and of the used ring (2.7.2)

// The structures in base address 4, memory, a page each as QEMU has them.
inline constexpr u64 kStructureSize = 0x1000;
inline constexpr u64 kCommonStructure = 0x0000;
inline constexpr u64 kInterruptStructure = 0x1000;
inline constexpr u64 kConfigStructure = 0x2000;
inline constexpr u64 kNotifyStructure = 0x3000;
inline constexpr u32 kNotifyMultiplier = 4;

// The common configuration structure (4.1.4.3).
inline constexpr unsigned kDeviceFeatureSelect = 0;
inline constexpr unsigned kDeviceFeature = 4;
inline constexpr unsigned kDriverFeatureSelect = 8;
inline constexpr unsigned kDriverFeature = 12;
inline constexpr unsigned kMsixVector = 16;  // and the number of queues
inline constexpr unsigned kStatus = 20;      // and config_generation
inline constexpr unsigned kQueueSelect = 22;
inline constexpr unsigned kQueueSize = 24;  // and the queue's vector
inline constexpr unsigned kQueueEnable = 28;
inline constexpr unsigned kQueueDescriptors = 32;  // 64 bits each
inline constexpr unsigned kQueueAvailable = 40;
inline constexpr unsigned kQueueUsed = 48;
inline constexpr unsigned kCommonEnd = 56;
inline constexpr u16 kNoVector = 0xffff;

// Capabilities (4.1.4).
inline constexpr u8 kVendorCapability = 0x09;
inline constexpr u8 kCommonCapability = 1;
inline constexpr u8 kNotifyCapability = 2;
inline constexpr u8 kInterruptCapability = 3;
inline constexpr u8 kConfigCapability = 4;
inline constexpr u8 kWindowCapability = 5;  // VIRTIO_PCI_CAP_PCI_CFG

// All values in registers and in memory (1.4).
template <typename T>
T little_endian(const u8* bytes) {
    T value = 0;
    for (unsigned i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | T{bytes[i]} << 8 * i);
    return value;
}

}  // namespace seventeen::devices::virtio
