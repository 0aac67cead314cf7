// Model-specific registers: their numbers and the bits of those whose bits we know (SDM 4).
#pragma once

#include "core/types.h"

namespace seventeen::privilege {

inline constexpr u32 kMsrP5McAddress = 0x0;
inline constexpr u32 kMsrP5McType = 0x1;
inline constexpr u32 kMsrTimeStampCounter = 0x10;
inline constexpr u32 kMsrPlatformId = 0x17;
inline constexpr u32 kMsrApicBase = 0x1b;
inline constexpr u32 kMsrPowerOnConfiguration = 0x2a;
inline constexpr u32 kMsrUpdateTrigger = 0x79;
inline constexpr u32 kMsrUpdateSignature = 0x8b;
inline constexpr u32 kMsrPerformanceCounter0 = 0xc1;
inline constexpr u32 kMsrPerformanceCounter1 = 0xc2;
inline constexpr u32 kMsrMtrrCapabilities = 0xfe;
inline constexpr u32 kMsrSysenterCs = 0x174;
inline constexpr u32 kMsrSysenterEsp = 0x175;
inline constexpr u32 kMsrSysenterEip = 0x176;
inline constexpr u32 kMsrMachineCheckCapabilities = 0x179;
inline constexpr u32 kMsrMachineCheckStatus = 0x17a;
inline constexpr u32 kMsrEventSelect0 = 0x186;
inline constexpr u32 kMsrEventSelect1 = 0x187;
inline constexpr u32 kMsrMiscEnable = 0x1a0;
inline constexpr u32 kMsrMtrrVariableFirst = 0x200;  // base and mask in turn
inline constexpr u32 kMsrMtrrVariableLast = 0x20f;
inline constexpr u32 kMsrMtrrFixed64k = 0x250;
inline constexpr u32 kMsrMtrrFixed16kFirst = 0x258;
inline constexpr u32 kMsrMtrrFixed16kLast = 0x259;
inline constexpr u32 kMsrMtrrFixed4kFirst = 0x268;
inline constexpr u32 kMsrMtrrFixed4kLast = 0x26f;
inline constexpr u32 kMsrPageAttributeTable = 0x277;
inline constexpr u32 kMsrMtrrDefaultType = 0x2ff;
inline constexpr u32 kMsrEfer = 0xc0000080;

inline constexpr u64 kApicBaseBootstrap = 1u << 8;
inline constexpr u64 kApicBaseEnable = 1u << 11;
inline constexpr u64 kApicBaseReset = 0xfee00000 | kApicBaseEnable | kApicBaseBootstrap;

inline constexpr u64 kMiscEnableFastStrings = 1u << 0;
inline constexpr u64 kMiscEnableBtsUnavailable = 1u << 11;
inline constexpr u64 kMiscEnablePebsUnavailable = 1u << 12;
inline constexpr u64 kMiscEnableWritable = kMiscEnableFastStrings;

inline constexpr u64 kMtrrVariableValid = 1u << 11;               // in a variable range's mask
inline constexpr u64 kMtrrDefaultEnables = 3u << 10;              // fixed ranges, all ranges
inline constexpr u64 kMtrrCapabilities = 8 | 1u << 8 | 1u << 10;  // 8 ranges, fixed ones, WC

}  // namespace seventeen::privilege
