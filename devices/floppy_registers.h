// The 82077AA's commands and status bits by name (Intel 82077AA datasheet, 2.0, 5.0 and 6.0).
#pragma once

#include "core/types.h"

namespace seventeen::devices::floppy {

inline constexpr u8 kMultiTrack = 1 << 7;
inline constexpr u8 kMfm = 1 << 6;
inline constexpr u8 kSkip = 1 << 5;
inline constexpr u8 kOpcodeMask = 0x1f;

enum Command : u8 {
    kReadTrack = 0x02,
    kSpecify = 0x03,
    kSenseDrive = 0x04,
    kWriteData = 0x05,
    kReadData = 0x06,
    kRecalibrate = 0x07,
    kSenseInterrupt = 0x08,
    kWriteDeleted = 0x09,
    kReadId = 0x0a,
    kReadDeleted = 0x0c,
    kFormat = 0x0d,
    kDumpRegisters = 0x0e,
    kSeek = 0x0f,
    kVersion = 0x10,
    kPerpendicular = 0x12,
    kConfigure = 0x13,
    kLock = 0x14,
    kVerify = 0x16,
};

inline constexpr u8 kUnitDrive = 0x03;
inline constexpr u8 kUnitHead = 1 << 2;
inline constexpr u8 kRelativeSeek = 1 << 7;
inline constexpr u8 kRelativeInwards = 1 << 6;
inline constexpr u8 kVerifyCount = 1 << 7;  // EC, in the second byte

// Status register 0.
inline constexpr u8 kNormal = 0x00;
inline constexpr u8 kAbnormal = 0x40;
inline constexpr u8 kInvalid = 0x80;
inline constexpr u8 kPolled = 0xc0;
inline constexpr u8 kSeekEnd = 1 << 5;
inline constexpr u8 kEquipmentCheck = 1 << 4;
// Status register 1.
inline constexpr u8 kMissingAddress = 1 << 0;
inline constexpr u8 kNotWritable = 1 << 1;
inline constexpr u8 kNoData = 1 << 2;
inline constexpr u8 kOverrun = 1 << 4;
inline constexpr u8 kEndOfCylinder = 1 << 7;
// Status register 2.
inline constexpr u8 kBadCylinder = 1 << 1;
inline constexpr u8 kWrongCylinder = 1 << 4;
inline constexpr u8 kControlMark = 1 << 6;
// Status register 3.
inline constexpr u8 kTwoSided = 1 << 3;
inline constexpr u8 kTrack0 = 1 << 4;
inline constexpr u8 kReady = 1 << 5;
inline constexpr u8 kWriteProtected = 1 << 6;

// CONFIGURE's second byte.
inline constexpr u8 kImpliedSeek = 1 << 6;
inline constexpr u8 kFifoOff = 1 << 5;
inline constexpr u8 kPollingOff = 1 << 4;

}  // namespace seventeen::devices::floppy
