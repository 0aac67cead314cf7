// RealTimeClock: the Motorola MC146818 with 128 bytes of CMOS RAM, in virtual time.
//
// The datasheet is Motorola's MC146818 (1984). The calendar is computed when looked at: it is
// `seconds_` at `origin_` and a second more at each whole second after it. Flags of register C are
// gathered when looked at, too; an event exists only for the next interrupt that would be seen.
// While the clock is stopped (SET, or the divider held) its registers are plain memory.
#pragma once

#include <array>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"

namespace seventeen::devices {

class RealTimeClock final : public Device {
  public:
    static constexpr unsigned kBytes = 128;

    // One region of two byte-wide registers: 70h and 71h. `epoch`: the guest's local time when
    // virtual time is 0, in seconds since 1970-01-01 00:00:00.
    RealTimeClock(Scheduler& scheduler, s64 epoch);

    // IRQ, to interrupt input 8.
    Line& interrupt() { return interrupt_; }
    // High: the NMI is masked (bit 7 of the index register).
    Line& nmi_mask() { return nmi_mask_; }

    // For the board, which tells firmware about itself in the CMOS RAM (0eh and up).
    u8 memory(unsigned index) const;
    void set_memory(unsigned index, u8 value);

    std::string_view name() const override { return "real-time clock"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    // Nanoseconds of virtual time, which may lie before its beginning.
    using Time = s64;

    Time now() const { return static_cast<Time>(scheduler_.now()); }
    bool divider_runs() const;
    bool running() const;
    Time period() const;
    u8 encode(unsigned value) const;
    unsigned decode(u8 byte) const;
    u8 encode_hour(unsigned hour) const;
    unsigned decode_hour(u8 byte) const;

    u8 read_register(u8 index);
    void write_register(u8 index, u8 value);
    void write_a(u8 value);
    void write_b(u8 value);
    void write_time(u8 index, u8 value);
    u8 update_in_progress() const;
    void calendar_to_registers();
    s64 registers_to_seconds() const;
    void start();
    void stop();

    s64 second_of_day(Time at) const;
    s64 seconds_to_alarm(s64 second_of_day) const;
    void gather();
    void update();
    Time next_flag() const;

    Scheduler& scheduler_;
    Scheduler::EventId alarm_;
    Line interrupt_;
    Line nmi_mask_;

    std::array<u8, kBytes> cmos_{};
    u8 index_ = 0;
    s64 seconds_;           // the calendar at `origin_`
    Time origin_ = 0;       // when an update cycle ended
    Time gathered_ = 0;     // until when register C knows the flags
    u8 weekday_shift_ = 0;  // days that the guest's weekday is ahead of the calendar's
};

}  // namespace seventeen::devices
