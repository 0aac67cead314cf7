// VgaScan: the CRT controller's address counters, walked one scan line at a time.
#pragma once

#include "core/types.h"
#include "devices/vga_memory.h"
#include "devices/vga_registers.h"

namespace seventeen::devices {

// What is needed to draw a frame.
struct VgaView {
    const VgaRegisters& registers;
    const VgaMemory& memory;
    const Vbe& vbe;
    u64 frame = 0;  // counted since the beginning of time: things blink by it
};

class VgaScan {
  public:
    explicit VgaScan(const VgaRegisters& registers);

    // Of the scan line within its row of characters.
    unsigned row_scan() const { return row_scan_; }
    // The memory address counter at a character, which the cursor is compared with.
    u16 counter(unsigned character) const;
    // What the counter addresses: a byte of each plane.
    u16 address(unsigned character) const;
    // Pixels by which the line is shifted to the left.
    unsigned panning() const;
    void next();  // scan line

  private:
    void next_row_scan();

    const VgaRegisters& registers_;
    unsigned line_ = 0;
    unsigned repeated_ = 0;
    unsigned row_scan_;
    unsigned row_address_;
    bool split_ = false;  // the line compare has been passed
};

}  // namespace seventeen::devices
