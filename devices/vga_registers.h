// VgaRegisters: the VGA's register file behind ports 3B0h to 3DFh, named as IBM's manual does.
//
// IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem". Video memory,
// scan-out and timing only look at it; it knows none of them but the beam's place, for status
// reads.
#pragma once

#include <array>

#include "core/scheduler.h"
#include "core/types.h"
#include "devices/vga_dac.h"

namespace seventeen::devices {

namespace sequencer {
inline constexpr u8 kClockingMode = 1;
inline constexpr u8 kEightDots = 0x01;
inline constexpr u8 kHalfDotClock = 0x08;
inline constexpr u8 kScreenOff = 0x20;
inline constexpr u8 kMapMask = 2;
inline constexpr u8 kCharacterMap = 3;
inline constexpr u8 kMemoryMode = 4;
inline constexpr u8 kNotOddEven = 0x04;
inline constexpr u8 kChain4 = 0x08;
}  // namespace sequencer

namespace graphics {
inline constexpr u8 kSetReset = 0;
inline constexpr u8 kEnableSetReset = 1;
inline constexpr u8 kColourCompare = 2;
inline constexpr u8 kDataRotate = 3;
inline constexpr u8 kReadMapSelect = 4;
inline constexpr u8 kMode = 5;
inline constexpr u8 kReadCompare = 0x08;
inline constexpr u8 kReadOddEven = 0x10;
inline constexpr u8 kShiftInterleaved = 0x20;
inline constexpr u8 kShift256 = 0x40;
inline constexpr u8 kMiscellaneous = 6;
inline constexpr u8 kGraphicsMode = 0x01;
inline constexpr u8 kChainOddEven = 0x02;
inline constexpr u8 kColourDoNotCare = 7;
inline constexpr u8 kBitMask = 8;
}  // namespace graphics

namespace attribute {
inline constexpr u8 kModeControl = 0x10;
inline constexpr u8 kLineGraphics = 0x04;
inline constexpr u8 kBlink = 0x08;
inline constexpr u8 kPanTopOnly = 0x20;
inline constexpr u8 kPaletteSize = 0x80;  // colour select supplies bits 4 and 5 too
inline constexpr u8 kOverscan = 0x11;
inline constexpr u8 kPlaneEnable = 0x12;
inline constexpr u8 kPanning = 0x13;
inline constexpr u8 kColourSelect = 0x14;
}  // namespace attribute

namespace crtc {
inline constexpr u8 kHorizontalTotal = 0x00;
inline constexpr u8 kHorizontalDisplayEnd = 0x01;
inline constexpr u8 kVerticalTotal = 0x06;
inline constexpr u8 kOverflow = 0x07;
inline constexpr u8 kPresetRowScan = 0x08;
inline constexpr u8 kMaximumScanLine = 0x09;
inline constexpr u8 kDoubleScan = 0x80;
inline constexpr u8 kCursorStart = 0x0a;
inline constexpr u8 kCursorOff = 0x20;
inline constexpr u8 kCursorEnd = 0x0b;
inline constexpr u8 kStartHigh = 0x0c;
inline constexpr u8 kCursorHigh = 0x0e;
inline constexpr u8 kVerticalRetraceStart = 0x10;
inline constexpr u8 kVerticalRetraceEnd = 0x11;
inline constexpr u8 kNotClearInterrupt = 0x10;
inline constexpr u8 kProtect = 0x80;
inline constexpr u8 kVerticalDisplayEnd = 0x12;
inline constexpr u8 kOffset = 0x13;
inline constexpr u8 kUnderline = 0x14;
inline constexpr u8 kCountByFour = 0x20;
inline constexpr u8 kDoubleword = 0x40;
inline constexpr u8 kModeControl = 0x17;
inline constexpr u8 kRowScan0Kept = 0x01;  // 0: row scan bit 0 is address bit 13
inline constexpr u8 kRowScan1Kept = 0x02;
inline constexpr u8 kCountByTwo = 0x08;
inline constexpr u8 kAddressWrap = 0x20;
inline constexpr u8 kByteMode = 0x40;
inline constexpr u8 kRunning = 0x80;
inline constexpr u8 kLineCompare = 0x18;
}  // namespace crtc

class VgaRegisters {
  public:
    // Ports from 3C0h; those from kMonochrome on answer at 3Bxh instead while the miscellaneous
    // output register says so.
    static constexpr unsigned kPorts = 0x20;
    static constexpr unsigned kMovable = 0x10;

    explicit VgaRegisters(const Scheduler& scheduler) : scheduler_(&scheduler) {}

    u8 read(unsigned port);
    void write(unsigned port, u8 value);
    bool colour_ports() const;  // 3Dxh, not 3Bxh

    u8 sequencer(u8 index) const { return sequencer_[index]; }
    u8 graphics(u8 index) const { return graphics_[index]; }
    u8 attribute(u8 index) const { return attribute_[index]; }
    u8 crtc(u8 index) const { return crtc_[index]; }
    u8 miscellaneous() const { return miscellaneous_; }
    VgaDac& dac() { return dac_; }
    const VgaDac& dac() const { return dac_; }
    // The attribute controller shows pixels ("palette address source"), not the border colour.
    bool displays() const { return (attribute_index_ & kPaletteSource) != 0; }

    // Ten-bit vertical values, put together from their registers.
    unsigned vertical_total() const;
    unsigned vertical_display_end() const;
    unsigned vertical_retrace_start() const;
    unsigned line_compare() const;
    // A sixteen-bit value in the register pair that begins with `high`.
    unsigned pair(u8 high) const { return crtc_[high] << 8 | crtc_[high + 1]; }
    unsigned dots_per_character() const;  // 8 or 9
    bool half_dot_clock() const;
    bool text() const;

    // Counts writes that may change the picture.
    u64 generation() const { return generation_; }

    void reset();
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    static constexpr u8 kPaletteSource = 0x20;  // of the attribute index register

    u8 read_crtc() const;
    u8 read_status_0() const;
    u8 read_status_1() const;
    void write_sequencer(u8 value);
    void write_graphics(u8 value);
    void write_attribute(u8 value);
    void write_crtc(u8 value);
    bool interrupt_pending() const;

    const Scheduler* scheduler_;
    u64 generation_ = 0;
    std::array<u8, 8> sequencer_{};
    std::array<u8, 16> graphics_{};
    std::array<u8, 32> attribute_{};
    std::array<u8, 0x19> crtc_{};
    VgaDac dac_;
    u8 sequencer_index_ = 0;
    u8 graphics_index_ = 0;
    u8 attribute_index_ = 0;
    u8 crtc_index_ = 0;
    bool attribute_data_next_ = false;  // the flip-flop
    u8 miscellaneous_ = 0;
    u8 feature_control_ = 0;
    u8 enable_ = 1;
    Scheduler::Nanoseconds interrupt_armed_ = 0;
};

}  // namespace seventeen::devices
