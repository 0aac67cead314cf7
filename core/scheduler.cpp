// Virtual time: exact conversions between ticks and nanoseconds, and the queue of events.
#include "core/scheduler.h"

#include <algorithm>
#include <numeric>

#include "core/check.h"
#include "core/error.h"
#include "core/occupation.h"
#include "core/snapshot.h"

namespace seventeen {

namespace {

constexpr std::string_view kSection = "scheduler";
constexpr u32 kVersion = 1;
constexpr u64 kForever = Scheduler::kNever - 1;  // the last time that can come

// The product of two u64 always fits, so no conversion below can overflow.
__extension__ typedef unsigned __int128 Wide;

u64 saturate(Wide value, u64 most) {
    return value < most ? static_cast<u64>(value) : most;
}

bool valid(TickRate rate) {
    return rate.nanoseconds != 0 && rate.ticks != 0;
}

TickRate lowest_terms(TickRate rate) {
    if (!valid(rate))
        throw Error("tick rate " + std::to_string(rate.nanoseconds) + "/" +
                    std::to_string(rate.ticks) + ": both numbers must be positive");
    const u64 divisor = std::gcd(rate.nanoseconds, rate.ticks);
    return {rate.nanoseconds / divisor, rate.ticks / divisor};
}

}  // namespace

Scheduler::Scheduler(const u64& retired, bool& attention, TickRate rate)
    : retired_(retired), attention_(attention), rate_(lowest_terms(rate)) {}

Scheduler::EventId Scheduler::add_event(std::string name, std::function<void()> callback) {
    for (const Event& other : events_) check(other.name != name, "two events have the same name");
    Event event;
    event.name = std::move(name);
    event.callback = std::move(callback);
    events_.push_back(std::move(event));
    return static_cast<EventId>(events_.size() - 1);
}

void Scheduler::schedule_at(EventId id, Nanoseconds time) {
    Event& scheduled = event(id);
    scheduled.time = time;
    scheduled.tick = due_tick(scheduled);
    update_next();
}

void Scheduler::schedule_in(EventId id, Nanoseconds delay) {
    schedule_at(id, saturate(Wide{now()} + delay, kForever));
}

void Scheduler::cancel(EventId id) {
    schedule_at(id, kNever);
}

bool Scheduler::scheduled(EventId id) const {
    return time_of(id) != kNever;
}

Scheduler::Nanoseconds Scheduler::time_of(EventId id) const {
    return event(id).time;
}

Scheduler::Nanoseconds Scheduler::to_nanoseconds(u64 ticks) const {
    check(ticks >= base_tick_, "the time of a tick before the last change of rate is forgotten");
    const Wide scaled = Wide{ticks - base_tick_} * rate_.nanoseconds;
    const Wide passed = rate_.ticks == 1 ? scaled : scaled / rate_.ticks;  // a slow division
    return saturate(base_time_ + passed, kForever);
}

u64 Scheduler::to_ticks(Nanoseconds time) const {
    if (time <= base_time_) return base_tick_;
    const Wide scaled = Wide{time - base_time_} * rate_.ticks;
    const Wide rounded_up = scaled / rate_.nanoseconds + (scaled % rate_.nanoseconds != 0);
    return saturate(base_tick_ + rounded_up, kNever);
}

void Scheduler::set_rate(TickRate rate) {
    rate = lowest_terms(rate);
    base_time_ = now();
    base_tick_ = ticks();
    rate_ = rate;
    for (Event& event : events_) event.tick = due_tick(event);
    update_next();
}

void Scheduler::run_due() {
    while (due()) {
        // The first of several that are due at the same tick: the one registered earliest.
        Event& earliest = *std::min_element(
            events_.begin(), events_.end(),
            [](const Event& left, const Event& right) { return left.tick < right.tick; });
        earliest.time = kNever;
        earliest.tick = kNever;
        earliest.not_before = ticks() + 1;
        update_next();
        const Occupied occupied(Occupation::kDevices);
        earliest.callback();
    }
}

void Scheduler::skip_to(u64 tick) {
    check(tick >= ticks(), "the clock cannot be turned back");
    check(tick <= next_tick_, "the clock cannot skip an event");
    idle_ticks_ += tick - ticks();
}

void Scheduler::save(Writer& writer) const {
    writer.begin(kSection, kVersion);
    writer.put(rate_.nanoseconds);
    writer.put(rate_.ticks);
    writer.put(base_tick_);
    writer.put(base_time_);
    writer.put(idle_ticks_);
    writer.put(static_cast<u32>(events_.size()));
    for (const Event& event : events_) {
        writer.string(event.name);
        writer.put(event.time);
        writer.put(event.not_before);
    }
    writer.end();
}

void Scheduler::restore(Reader& reader) {
    reader.begin(kSection, kVersion, kVersion);
    const TickRate rate{reader.get<u64>(), reader.get<u64>()};
    const u64 base_tick = reader.get<u64>();
    const Nanoseconds base_time = reader.get<u64>();
    const u64 idle_ticks = reader.get<u64>();
    if (!valid(rate)) reader.damaged("the tick rate is not positive");
    if (retired_ >= kForever || idle_ticks >= kForever - retired_)
        reader.damaged("the clock has overflowed");
    if (base_tick > retired_ + idle_ticks) reader.damaged("the rate changed in the future");
    if (reader.get<u32>() != events_.size())
        reader.damaged("it was saved by a machine with other events");
    std::deque<Event> events = events_;
    for (Event& event : events) {
        if (reader.string() != event.name)
            reader.damaged("it was saved by a machine without the event '" + event.name + "'");
        event.time = reader.get<u64>();
        event.not_before = reader.get<u64>();
    }
    reader.end();
    rate_ = lowest_terms(rate);
    base_tick_ = base_tick;
    base_time_ = base_time;
    idle_ticks_ = idle_ticks;
    events_ = std::move(events);
    for (Event& event : events_) event.tick = due_tick(event);
    update_next();
}

Scheduler::Event& Scheduler::event(EventId id) {
    check(id < events_.size(), "there is no such event");
    return events_[id];
}

const Scheduler::Event& Scheduler::event(EventId id) const {
    check(id < events_.size(), "there is no such event");
    return events_[id];
}

u64 Scheduler::due_tick(const Event& event) const {
    if (event.time == kNever) return kNever;
    return std::max(to_ticks(event.time), event.not_before);
}

void Scheduler::update_next() {
    u64 earliest = kNever;
    for (const Event& event : events_) earliest = std::min(earliest, event.tick);
    if (earliest < next_tick_) attention_ = true;
    next_tick_ = earliest;
}

}  // namespace seventeen
