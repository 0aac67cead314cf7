// The one list of every address, port and interrupt line of the board.
#pragma once

#include "core/types.h"

namespace seventeen::machine {

// --- physical memory ---
inline constexpr PhysicalAddress kVideoMemory{0xa0000};  // nothing answers here yet
inline constexpr u64 kVideoMemorySize = 0x20000;
inline constexpr u64 kFirmwareLowEnd = 0x100000;  // the firmware's last 128 KiB end here …
inline constexpr u64 kFirmwareLowLargest = 0x20000;
inline constexpr u64 kFirmwareHighEnd = 0x1'0000'0000;  // … and the whole of it here
inline constexpr u64 kFirmwareLargest = 16u << 20;

// --- ports ---
inline constexpr IoPort kDebugConsole{0xe9};
inline constexpr IoPort kDebugExit{0xf4};
inline constexpr u64 kDebugExitSize = 4;

}  // namespace seventeen::machine
