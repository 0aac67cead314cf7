// IntervalTimer: the Intel 8254 with its three counters, computed from virtual time when looked at.
//
// The datasheet is Intel order number 231164. Nothing ticks: a counter is the clock pulse at which
// it was loaded and what it was loaded with. Only output 0 is a Line, whose every change is an
// event; who needs another output asks `output`.
#pragma once

#include <array>
#include <string>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "devices/interval_counter.h"

namespace seventeen::devices {

class IntervalTimer final : public Device {
  public:
    static constexpr unsigned kCounters = 3;
    static constexpr u64 kFrequency = 1'193'182;  // Hz: 14.31818 MHz / 12

    // One region of four byte-wide registers: 40h to 43h.
    explicit IntervalTimer(Scheduler& scheduler);

    // OUT 0: the board wires it to interrupt input 0.
    Line& interrupt() { return interrupt_; }
    // OUT of any counter, now.
    bool output(unsigned counter);
    // GATE; all are high after reset but the speaker's, counter 2.
    void set_gate(unsigned counter, bool level);

    std::string_view name() const override { return "interval timer"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    // The last clock pulse at or before a time, and the first nanosecond of a pulse.
    static u64 pulse_at(Scheduler::Nanoseconds time);
    static Scheduler::Nanoseconds time_of(u64 pulse);

  private:
    u64 now() const { return pulse_at(scheduler_.now()); }
    void read_back(u8 command, u64 pulse);
    void update();

    Scheduler& scheduler_;
    Scheduler::EventId edge_;
    Line interrupt_;
    std::array<IntervalCounter, kCounters> counters_;
};

}  // namespace seventeen::devices
