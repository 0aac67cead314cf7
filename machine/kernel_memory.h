// Kernel memory: how much RAM a boot loader may fill, and the part the firmware keeps.
#pragma once

#include <algorithm>

#include "machine/memory_map.h"

namespace seventeen::machine {

// SeaBIOS keeps its ACPI and SMBIOS tables at the end of RAM below 4 GiB: 128 KiB for few CPUs,
// 256 KiB at most.
inline constexpr u64 kFirmwareTables = 256u << 10;
inline constexpr u64 kHighMemoryStart = 1u << 20;

// Where what a boot loader puts into memory has to end.
constexpr u64 loadable_end(u64 memory) {
    const u64 low = std::min(memory, kLowMemoryEnd);
    return low - std::min(low, kFirmwareTables);
}

constexpr u64 page_up(u64 address) {
    return (address + kPageMask) & ~kPageMask;
}

constexpr u64 page_down(u64 address) {
    return address & ~kPageMask;
}

}  // namespace seventeen::machine
