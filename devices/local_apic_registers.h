// The local APIC's registers and their bits by name (SDM 3A tables 10-1 and 10-6).
#pragma once

#include "core/types.h"

namespace seventeen::devices::local_apic {

// Each register is the first four bytes of a 16-byte slot.
enum Offset : u64 {
    kId = 0x020,
    kVersion = 0x030,
    kTaskPriority = 0x080,
    kArbitrationPriority = 0x090,
    kProcessorPriority = 0x0a0,
    kEndOfInterrupt = 0x0b0,
    kRemoteRead = 0x0c0,
    kLogicalDestination = 0x0d0,
    kDestinationFormat = 0x0e0,
    kSpurious = 0x0f0,
    kInService = 0x100,    // .. 170
    kTriggerMode = 0x180,  // .. 1f0
    kRequest = 0x200,      // .. 270
    kErrorStatus = 0x280,
    kCommandLow = 0x300,
    kCommandHigh = 0x310,
    kLvtTimer = 0x320,  // .. 370, in the order of LvtEntry
    kInitialCount = 0x380,
    kCurrentCount = 0x390,
    kDivide = 0x3e0,
};
inline constexpr u64 kSlot = 0x10;

// As a Pentium 4 says: version 14h, the last of six entries in the local vector table is 5.
inline constexpr u32 kVersionValue = 5 << 16 | 0x14;

// ID, logical destination, upper half of the interrupt command: bits 31:24.
inline constexpr unsigned kTopByteShift = 24;
inline constexpr u32 kTopByte = 0xff00'0000;
inline constexpr u8 kBroadcast = 0xff;

// Destination format: the model is bits 31:28, all others are ones.
inline constexpr u32 kFormatFixed = 0x0fff'ffff;
inline constexpr u32 kFormatFlat = 0xffff'ffff;
inline constexpr u32 kFormatCluster = kFormatFixed;

// Spurious-interrupt vector register. Focus checking is the P6 family's: kept, but nobody looks.
inline constexpr u32 kSpuriousEnable = 1 << 8;
inline constexpr u32 kSpuriousFocus = 1 << 9;
inline constexpr u32 kSpuriousWritable = kSpuriousFocus | kSpuriousEnable | 0xff;
inline constexpr u32 kSpuriousReset = 0xff;

// Error status.
inline constexpr u32 kErrorSendVector = 1 << 5;
inline constexpr u32 kErrorReceiveVector = 1 << 6;
inline constexpr u32 kErrorRegister = 1 << 7;
inline constexpr u32 kErrorMask = kErrorSendVector | kErrorReceiveVector | kErrorRegister;

// Fields that the command register and the local vector table share.
inline constexpr u32 kVector = 0xff;
inline constexpr unsigned kDeliveryShift = 8;
inline constexpr u32 kDeliveryMask = 7;
inline constexpr u32 kTriggerLevel = 1 << 15;

// Interrupt command.
inline constexpr u32 kCommandLogical = 1 << 11;
inline constexpr u32 kCommandAssert = 1 << 14;
inline constexpr unsigned kShorthandShift = 18;
inline constexpr u32 kShorthandMask = 3;
inline constexpr u32 kCommandWritable =
    kShorthandMask << kShorthandShift | kTriggerLevel | kCommandAssert | kCommandLogical | 0x7ff;
enum class Shorthand : u8 { kNone, kSelf, kAll, kOthers };

// Local vector table. Delivery status (bit 12) always reads idle.
inline constexpr u32 kLvtActiveLow = 1 << 13;
inline constexpr u32 kLvtRemoteIrr = 1 << 14;  // read only
inline constexpr u32 kLvtMasked = 1 << 16;
inline constexpr u32 kLvtPeriodic = 1 << 17;

}  // namespace seventeen::devices::local_apic
