// The CRT controller's row and address counters, line compare and address modes.
#include "devices/vga_scan.h"

namespace seventeen::devices {

namespace {

constexpr u8 kRowScanMask = 0x1f;  // of preset row scan and maximum scan line
constexpr unsigned kBytePanShift = 5;
constexpr unsigned kBytePanMask = 3;
constexpr u8 kPanMask = 0x0f;
constexpr unsigned kOffsetUnit = 2;  // counts of the address counter a unit of the offset register

}  // namespace

VgaScan::VgaScan(const VgaRegisters& registers)
    : registers_(registers),
      row_scan_(registers.crtc(crtc::kPresetRowScan) & kRowScanMask),
      row_address_(registers.pair(crtc::kStartHigh)) {}

u16 VgaScan::counter(unsigned character) const {
    unsigned count = character;
    if ((registers_.crtc(crtc::kUnderline) & crtc::kCountByFour) != 0)
        count /= 4;
    else if ((registers_.crtc(crtc::kModeControl) & crtc::kCountByTwo) != 0)
        count /= 2;
    const bool panned =
        !split_ || (registers_.attribute(attribute::kModeControl) & attribute::kPanTopOnly) == 0;
    const unsigned pan = registers_.crtc(crtc::kPresetRowScan) >> kBytePanShift & kBytePanMask;
    return static_cast<u16>(row_address_ + (panned ? pan : 0) + count);
}

// IBM: "CRT Mode Control Register", byte and word mode; "Underline Location", doubleword mode.
u16 VgaScan::address(unsigned character) const {
    const unsigned count = counter(character);
    const u8 mode = registers_.crtc(crtc::kModeControl);
    unsigned address = count;
    if ((registers_.crtc(crtc::kUnderline) & crtc::kDoubleword) != 0)
        address = count << 2 | (count >> 14 & 3);
    else if ((mode & crtc::kByteMode) == 0)
        address = count << 1 | (count >> ((mode & crtc::kAddressWrap) != 0 ? 15 : 13) & 1);
    if ((mode & crtc::kRowScan0Kept) == 0)
        address = (address & ~(1u << 13)) | (row_scan_ & 1) << 13;
    if ((mode & crtc::kRowScan1Kept) == 0)
        address = (address & ~(1u << 14)) | (row_scan_ >> 1 & 1) << 14;
    return static_cast<u16>(address);
}

// IBM: "Horizontal PEL Panning Register": with nine dots, 8 is none and 0 is one.
unsigned VgaScan::panning() const {
    const u8 mode = registers_.attribute(attribute::kModeControl);
    if (split_ && (mode & attribute::kPanTopOnly) != 0) return 0;
    const unsigned value = registers_.attribute(attribute::kPanning) & kPanMask;
    if (registers_.text() && registers_.dots_per_character() == 9)
        return value >= 8 ? 0 : value + 1;
    return value & 7;
}

void VgaScan::next_row_scan() {
    if (row_scan_ == (registers_.crtc(crtc::kMaximumScanLine) & kRowScanMask)) {
        row_scan_ = 0;
        row_address_ += registers_.crtc(crtc::kOffset) * kOffsetUnit;
    } else {
        row_scan_ = (row_scan_ + 1) & kRowScanMask;
    }
}

void VgaScan::next() {
    if (line_++ == registers_.line_compare()) {
        split_ = true;
        row_scan_ = repeated_ = row_address_ = 0;
        return;
    }
    const bool twice = (registers_.crtc(crtc::kMaximumScanLine) & crtc::kDoubleScan) != 0;
    repeated_ = twice ? repeated_ ^ 1 : 0;
    if (repeated_ == 0) next_row_scan();
}

}  // namespace seventeen::devices
