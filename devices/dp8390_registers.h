// The registers of the DP8390 and their bits (datasheet, 10.2 and 10.3).
#pragma once

#include "core/types.h"

namespace seventeen::devices::dp8390 {

// Page 0; half of its registers mean something else when they are written.
enum Page0 : unsigned {
    kCommand = 0x00,
    kLocalLow = 0x01,
    kLocalHigh = 0x02,
    kBoundary = 0x03,
    kTransmitStatus = 0x04,
    kCollisions = 0x05,
    kFifo = 0x06,
    kInterruptStatus = 0x07,
    kRemoteLow = 0x08,
    kRemoteHigh = 0x09,
    kReceiveStatus = 0x0c,
    kTally0 = 0x0d,
    kTally1 = 0x0e,
    kTally2 = 0x0f,
};
enum Page0Written : unsigned {
    kPageStart = 0x01,
    kPageStop = 0x02,
    kTransmitPage = 0x04,
    kTransmitCountLow = 0x05,
    kTransmitCountHigh = 0x06,
    kRemoteCountLow = 0x0a,
    kRemoteCountHigh = 0x0b,
    kReceiveConfig = 0x0c,
    kTransmitConfig = 0x0d,
    kDataConfig = 0x0e,
    kInterruptMask = 0x0f,
};
enum Page1 : unsigned { kPhysical = 0x01, kCurrent = 0x07, kMulticast = 0x08 };

// CR.
inline constexpr u8 kStop = 0x01;
inline constexpr u8 kStart = 0x02;
inline constexpr u8 kTransmit = 0x04;
inline constexpr u8 kAbortRemote = 0x20;

// ISR.
inline constexpr u8 kReceived = 0x01;
inline constexpr u8 kTransmitted = 0x02;
inline constexpr u8 kReceiveError = 0x04;
inline constexpr u8 kOverflow = 0x10;
inline constexpr u8 kTallyHigh = 0x20;
inline constexpr u8 kRemoteDone = 0x40;
inline constexpr u8 kResetState = 0x80;  // a status; it interrupts nobody

// DCR.
inline constexpr u8 kWordTransfer = 0x01;
inline constexpr u8 kByteOrder = 0x02;
inline constexpr u8 kLongAddress = 0x04;
inline constexpr u8 kNormal = 0x08;  // LS: clear selects loopback
inline constexpr u8 kAutoRemote = 0x10;

// TCR.
inline constexpr u8 kInhibitCrc = 0x01;
inline constexpr u8 kLoopbackModes = 0x06;
inline constexpr u8 kExternalLoopback = 0x06;

// RCR.
inline constexpr u8 kAcceptBroadcast = 0x04;
inline constexpr u8 kAcceptMulticast = 0x08;
inline constexpr u8 kPromiscuous = 0x10;
inline constexpr u8 kMonitor = 0x20;

// TSR and RSR.
inline constexpr u8 kSent = 0x01;
inline constexpr u8 kCarrierLost = 0x10;
inline constexpr u8 kIntact = 0x01;
inline constexpr u8 kCrcError = 0x02;
inline constexpr u8 kMissed = 0x10;
inline constexpr u8 kGroupAddress = 0x20;
inline constexpr u8 kReceiverDisabled = 0x40;

// The page registers are the upper halves of addresses.
constexpr u16 page_address(u8 page) {
    return static_cast<u16>(page << 8);
}

}  // namespace seventeen::devices::dp8390
