// VgaTiming: where the beam is at a time, from what the CRT controller is programmed with.
#pragma once

#include "core/scheduler.h"
#include "devices/vga_registers.h"

namespace seventeen::devices {

// In dots and lines; the first displayed dot of the first line is 0, 0.
class VgaTiming {
  public:
    explicit VgaTiming(const VgaRegisters& registers);

    bool displaying(Scheduler::Nanoseconds time) const;  // "display enable"
    bool retracing(Scheduler::Nanoseconds time) const;   // vertically
    u64 frame(Scheduler::Nanoseconds time) const;
    u64 retraces(Scheduler::Nanoseconds time) const;  // that have begun
    Scheduler::Nanoseconds frame_length() const;

  private:
    u64 dots(Scheduler::Nanoseconds time) const;
    unsigned line(Scheduler::Nanoseconds time) const;

    u64 clock_;  // Hz
    u64 line_dots_;
    u64 lines_;
    u64 shown_dots_;
    u64 shown_lines_;
    u64 retrace_first_;
    u64 retrace_lines_;
};

}  // namespace seventeen::devices
