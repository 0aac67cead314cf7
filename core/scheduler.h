// Scheduler: virtual time and the events due in it.
//
// The clock counts *ticks*: retired instructions plus the ticks skipped while the CPU was idle. A
// tick lasts a fixed rational number of nanoseconds, so the same run has the same times on any
// host. An event falls due at the first tick at or after its time; the machine runs the engine
// exactly to that instruction and then runs the event.
//
// An event scheduled for now or for the past, even by another event that is running, runs in the
// same run_due(). No event runs twice in one tick, though: one that is scheduled again for the tick
// in which it has run already waits for the next tick, so that run_due() always ends.
#pragma once

#include <deque>
#include <functional>
#include <string>

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
    // Throws Error where the rate is not a positive fraction.
    Scheduler(const u64& retired, bool& attention, TickRate rate = {});

    // Registered once, by a chip's constructor; the name is its own and identifies it in snapshots.
    // Events due at the same tick run in the order in which they were registered.
    EventId add_event(std::string name, std::function<void()> callback);
    void schedule_at(EventId id, Nanoseconds time);  // kNever cancels
    void schedule_in(EventId id, Nanoseconds delay);
    void cancel(EventId id);
    bool scheduled(EventId id) const;
    Nanoseconds time_of(EventId id) const;  // kNever where not scheduled

    u64 ticks() const { return retired_ + idle_ticks_; }
    Nanoseconds now() const { return to_nanoseconds(ticks()); }
    // Of a tick since the last change of rate, rounded down; saturates (after 584 years).
    Nanoseconds to_nanoseconds(u64 ticks) const;
    // Rounded up: the first tick at which now() >= time; kNever where no tick is.
    u64 to_ticks(Nanoseconds time) const;
    TickRate rate() const { return rate_; }
    // Takes effect now and keeps now() continuous (a fraction of a nanosecond is dropped, the same
    // one in every run); an input, so the caller logs it.
    void set_rate(TickRate rate);

    u64 next_tick() const { return next_tick_; }  // of the earliest event, or kNever
    bool due() const { return ticks() >= next_tick_; }
    // What CpuState::retired may grow to before the next event is due; never less than it is.
    u64 retired_limit() const {
        if (next_tick_ == kNever) return kNever;
        return due() ? retired_ : next_tick_ - idle_ticks_;
    }
    // Runs what is due, in order of time; an event may schedule others.
    void run_due();
    // The CPU is halted: advances the clock to `tick`, at most the next event's, without retiring
    // anything.
    void skip_to(u64 tick);

    // Restoring, CpuState comes first: its counter is part of the clock.
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    struct Event {
        std::string name;
        std::function<void()> callback;
        Nanoseconds time = kNever;
        u64 tick = kNever;   // at which `time` has come
        u64 not_before = 0;  // the tick after the one it last ran in
    };

    Event& event(EventId id);
    const Event& event(EventId id) const;
    u64 due_tick(const Event& event) const;
    void update_next();

    const u64& retired_;
    bool& attention_;
    TickRate rate_;
    // now() = base_time_ + (ticks() - base_tick_) × rate
    u64 base_tick_ = 0;
    Nanoseconds base_time_ = 0;
    u64 idle_ticks_ = 0;
    u64 next_tick_ = kNever;
    std::deque<Event> events_;  // an event that runs stays where it is while others are added
};

}  // namespace seventeen
