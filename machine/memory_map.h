// The one list of every address, port and interrupt line of the boards.
#pragma once

#include "core/types.h"

namespace seventeen::machine {

// --- physical memory ---
inline constexpr u64 kPhysicalSpace = u64{1} << 36;
inline constexpr PhysicalAddress kVideoMemory{0xa0000};  // the VGA, or RAM that SMRAM opens
inline constexpr u64 kVideoMemorySize = 0x20000;
inline constexpr PhysicalAddress kShadowMemory{0xc0000};  // option ROMs and firmware, or RAM (PAM)
inline constexpr u64 kShadowMemorySize = 0x40000;
inline constexpr u64 kFirmwareLowEnd = 0x100000;  // the firmware's last 128 KiB end here …
inline constexpr u64 kFirmwareLowLargest = 0x20000;
inline constexpr u64 kFirmwareHighEnd = 0x1'0000'0000;  // … and the whole of it here
inline constexpr u64 kFirmwareLargest = 16u << 20;
inline constexpr u64 kLowMemoryEnd = 0xc000'0000;  // up to here, then PCI …
inline constexpr u64 kHighMemory = 0x1'0000'0000;  // … RAM beyond continues here
inline constexpr PhysicalAddress kIoApic{0xfec0'0000};
inline constexpr PhysicalAddress kHpet{0xfed0'0000};
inline constexpr PhysicalAddress kLocalApic{0xfee0'0000};

// --- ports ---
inline constexpr IoPort kDmaFirst{0x00};
inline constexpr u64 kDmaFirstSize = 16;
inline constexpr IoPort kMasterPic{0x20};
inline constexpr IoPort kTimer{0x40};
inline constexpr u64 kTimerSize = 4;
inline constexpr IoPort kKeyboardData{0x60};
inline constexpr IoPort kSystemPortB{0x61};
inline constexpr IoPort kKeyboardCommand{0x64};
inline constexpr IoPort kClock{0x70};
inline constexpr IoPort kPostCode{0x80};
inline constexpr IoPort kDmaPages{0x81};
inline constexpr u64 kDmaPagesSize = 15;
inline constexpr IoPort kSystemPortA{0x92};
inline constexpr IoPort kSlavePic{0xa0};
inline constexpr IoPort kApmControl{0xb2};
inline constexpr IoPort kDmaSecond{0xc0};
inline constexpr u64 kDmaSecondSize = 32;
inline constexpr IoPort kDebugConsole{0xe9};
inline constexpr IoPort kCoprocessorError{0xf0};
inline constexpr IoPort kDebugExit{0xf4};
inline constexpr u64 kDebugExitSize = 4;
inline constexpr IoPort kSecondaryIde{0x170};
inline constexpr IoPort kSecondPostCode{0x190};
inline constexpr IoPort kVbe{0x1ce};
inline constexpr IoPort kPrimaryIde{0x1f0};
inline constexpr u64 kIdeCommandSize = 8;
inline constexpr IoPort kSecondSerial{0x2f8};
inline constexpr IoPort kNe2000{0x300};
inline constexpr IoPort kSecondaryIdeControl{0x376};
inline constexpr IoPort kVgaMonochrome{0x3b0};
inline constexpr IoPort kVga{0x3c0};
inline constexpr u64 kVgaSize = 0x20;
inline constexpr IoPort kFloppy{0x3f0};
inline constexpr u64 kFloppySize = 6;
inline constexpr IoPort kPrimaryIdeControl{0x3f6};
inline constexpr IoPort kFloppyDirection{0x3f7};
inline constexpr IoPort kFirstSerial{0x3f8};
inline constexpr u64 kSerialSize = 8;
inline constexpr IoPort kMasterEdgeLevel{0x4d0};
inline constexpr IoPort kSlaveEdgeLevel{0x4d1};
inline constexpr IoPort kFirmwareConfig{0x510};
inline constexpr u64 kFirmwareConfigSize = 2;
inline constexpr IoPort kFirmwareConfigDma{0x514};
inline constexpr u64 kFirmwareConfigDmaSize = 8;
inline constexpr IoPort kPciAddress{0xcf8};
inline constexpr IoPort kPciData{0xcfc};
inline constexpr IoPort kGeneralPurposeEvents{0xafe0};

// --- interrupt requests ---
inline constexpr unsigned kTimerIrq = 0;
inline constexpr unsigned kTimerIoApicPin = 2;  // the others are wired to the pin of their number
inline constexpr unsigned kKeyboardIrq = 1;
inline constexpr unsigned kCascadeIrq = 2;
inline constexpr unsigned kSecondSerialIrq = 3;
inline constexpr unsigned kFirstSerialIrq = 4;
inline constexpr unsigned kFloppyIrq = 6;
inline constexpr unsigned kClockIrq = 8;
inline constexpr unsigned kAcpiIrq = 9;
inline constexpr unsigned kNe2000Irq = 10;
inline constexpr unsigned kMouseIrq = 12;
inline constexpr unsigned kCoprocessorIrq = 13;
inline constexpr unsigned kIdeIrq[2] = {14, 15};

// --- channels of the DMA controller ---
inline constexpr unsigned kFloppyDmaChannel = 2;

// --- PCI bus 0: device numbers ---
inline constexpr unsigned kPciHostDevice = 0;
inline constexpr unsigned kPiixDevice = 1;  // functions: ISA bridge, IDE, USB (absent), power
inline constexpr unsigned kIdeFunction = 1;
inline constexpr unsigned kPowerFunction = 3;
inline constexpr unsigned kVgaDevice = 2;
inline constexpr unsigned kNetworkDevice = 3;
inline constexpr unsigned kFirstVirtioDevice = 4;

}  // namespace seventeen::machine
