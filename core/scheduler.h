// Scheduler: virtual time and the events due in it.
//
// The clock counts *ticks*: retired instructions plus the ticks skipped while the CPU was idle. A
// tick lasts a fixed rational number of nanoseconds, so the same run has the same times on any
// host. An event falls due at the first tick at or after its time; the machine runs the engine
// exactly to that instruction and then runs the event.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen {

class Reader;
class Writer;

// Length of one tick: `nanoseconds` / `ticks`, in lowest terms.
struct TickRate {
    u64 nanoseconds = 1;
    u64 ticks = 1;
    bool operator==(const TickRate&) const = default;
};

class Scheduler {
  public:
    using Nanoseconds = u64;
    using EventId = unsigned;
    static constexpr u64 kNever = ~u64{0};

    // `retired` is the CPU's counter (CpuState::retired), `attention` its flag of the same name:
    // raised when an event becomes the earliest, so that the engine looks at its target again.
    Scheduler(const u64& retired, bool& attention, TickRate rate = {});

    // Registered once, by a chip's constructor; the name identifies the event in snapshots.
    // Events due at the same tick run in the order in which they were registered.
    EventId add_event(std::string name, std::function<void()> callback);
    void schedule_at(EventId id, Nanoseconds time);
    void schedule_in(EventId id, Nanoseconds delay) { schedule_at(id, now() + delay); }
    void cancel(EventId id);
    bool scheduled(EventId id) const;
    Nanoseconds time_of(EventId id) const;  // kNever where not scheduled

    u64 ticks() const { return retired_ + idle_ticks_; }
    Nanoseconds now() const { return to_nanoseconds(ticks()); }
    Nanoseconds to_nanoseconds(u64 ticks) const;
    u64 to_ticks(Nanoseconds time) const;  // rounded up: the tick at which `time` has come
    TickRate rate() const { return rate_; }
    // Takes effect now and keeps now() continuous; an input, so the caller logs it.
    void set_rate(TickRate rate);

    u64 next_tick() const { return next_tick_; }  // of the earliest event, or kNever
    bool due() const { return ticks() >= next_tick_; }
    // What CpuState::retired may grow to before the next event is due.
    u64 retired_limit() const { return next_tick_ == kNever ? kNever : next_tick_ - idle_ticks_; }
    // Runs what is due, in order of time; an event may schedule others.
    void run_due();
    // The CPU is halted: advances the clock to `tick` without retiring anything.
    void skip_to(u64 tick);

    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    struct Event {
        std::string name;
        std::function<void()> callback;
        Nanoseconds time = kNever;
        u64 tick = kNever;
    };

    void update_next();

    const u64& retired_;
    bool& attention_;
    TickRate rate_;
    // now() = base_time_ + (ticks() - base_tick_) × rate
    u64 base_tick_ = 0;
    Nanoseconds base_time_ = 0;
    u64 idle_ticks_ = 0;
    u64 next_tick_ = kNever;
    std::vector<Event> events_;
};

}  // namespace seventeen
