// Dots since the beginning of time, divided into lines and frames.
#include "devices/vga_timing.h"

#include <algorithm>

namespace seventeen::devices {

namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kClock25 = 25'175'000;  // Hz
constexpr u64 kClock28 = 28'322'000;
constexpr u8 kClockSelect = 0x0c;  // of the miscellaneous output register
constexpr u8 kClockSelect28 = 0x04;
constexpr u64 kTotalLessHorizontal = 5;  // characters that the total's register leaves out
constexpr u64 kTotalLessVertical = 2;    // lines, likewise
constexpr unsigned kRetraceEnd = 0x0f;   // compared with the line counter's low bits

}  // namespace

VgaTiming::VgaTiming(const VgaRegisters& registers)
    : clock_((registers.miscellaneous() & kClockSelect) == kClockSelect28 ? kClock28 : kClock25) {
    const u64 character = registers.dots_per_character() * (registers.half_dot_clock() ? 2u : 1u);
    line_dots_ = (registers.crtc(crtc::kHorizontalTotal) + kTotalLessHorizontal) * character;
    shown_dots_ = (registers.crtc(crtc::kHorizontalDisplayEnd) + u64{1}) * character;
    lines_ = registers.vertical_total() + kTotalLessVertical;
    shown_lines_ = registers.vertical_display_end() + u64{1};
    // A start beyond the last line would never come: such a CRT has its pulse on the last one.
    retrace_first_ = std::min<u64>(registers.vertical_retrace_start(), lines_ - 1);
    const unsigned end = registers.crtc(crtc::kVerticalRetraceEnd) & kRetraceEnd;
    const unsigned length = (end - registers.vertical_retrace_start()) & kRetraceEnd;
    retrace_lines_ = length == 0 ? kRetraceEnd + 1 : length;
}

u64 VgaTiming::dots(Scheduler::Nanoseconds time) const {
    return time / kSecond * clock_ + time % kSecond * clock_ / kSecond;
}

unsigned VgaTiming::line(Scheduler::Nanoseconds time) const {
    return static_cast<unsigned>(dots(time) / line_dots_ % lines_);
}

bool VgaTiming::displaying(Scheduler::Nanoseconds time) const {
    return line(time) < shown_lines_ && dots(time) % line_dots_ < shown_dots_;
}

bool VgaTiming::retracing(Scheduler::Nanoseconds time) const {
    const u64 now = line(time);
    return now >= retrace_first_ && now - retrace_first_ < retrace_lines_;
}

u64 VgaTiming::frame(Scheduler::Nanoseconds time) const {
    return dots(time) / (line_dots_ * lines_);
}

u64 VgaTiming::retraces(Scheduler::Nanoseconds time) const {
    const u64 before = (lines_ - retrace_first_) * line_dots_;  // to the end of the frame
    return (dots(time) + before) / (line_dots_ * lines_);
}

Scheduler::Nanoseconds VgaTiming::frame_length() const {
    return line_dots_ * lines_ * kSecond / clock_;
}

}  // namespace seventeen::devices
