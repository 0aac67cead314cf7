// The 8254's registers, read-back command and clock.
#include "devices/interval_timer.h"

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr u64 kControl = 3;  // A1, A0 = 1, 1
constexpr unsigned kSelectShift = 6;
constexpr unsigned kReadBack = 3;  // SC1, SC0
constexpr u8 kAccess = 0x30;       // RW1, RW0: 0 latches the count
// The read-back command; both are active low.
constexpr u8 kNoCount = 0x20;
constexpr u8 kNoStatus = 0x10;
constexpr unsigned kReadBackFirst = 1;  // bit of counter 0
constexpr u8 kFloating = 0xff;          // reading the control register drives nothing
constexpr unsigned kSpeaker = 2;

constexpr u64 kSecond = 1'000'000'000;

__extension__ typedef unsigned __int128 Wide;

}  // namespace

IntervalTimer::IntervalTimer(Scheduler& scheduler)
    : scheduler_(scheduler),
      edge_(scheduler.add_event("interval timer edge", [this] { update(); })) {
    reset();
}

u64 IntervalTimer::pulse_at(Scheduler::Nanoseconds time) {
    return static_cast<u64>(Wide{time} * kFrequency / kSecond);
}

Scheduler::Nanoseconds IntervalTimer::time_of(u64 pulse) {
    const Wide time = (Wide{pulse} * kSecond + kFrequency - 1) / kFrequency;
    return time < Scheduler::kNever ? static_cast<u64>(time) : Scheduler::kNever;
}

bool IntervalTimer::output(unsigned counter) {
    check(counter < kCounters, "an 8254 has three counters");
    return counters_[counter].output(now());
}

void IntervalTimer::set_gate(unsigned counter, bool level) {
    check(counter < kCounters, "an 8254 has three counters");
    counters_[counter].set_gate(level, now());
    update();
}

u64 IntervalTimer::read(unsigned, u64 offset, Width) {
    if (offset >= kCounters) return kFloating;
    return counters_[offset].read(now());
}

void IntervalTimer::write(unsigned, u64 offset, u64 value, Width) {
    const u8 byte = static_cast<u8>(value);
    const u64 pulse = now();
    const unsigned select = byte >> kSelectShift;
    if (offset < kCounters)
        counters_[offset].write(byte, pulse);
    else if (offset != kControl)
        return;
    else if (select == kReadBack)
        read_back(byte, pulse);
    else if ((byte & kAccess) == 0)
        counters_[select].latch_count(pulse);
    else
        counters_[select].control(byte, pulse);
    update();
}

void IntervalTimer::read_back(u8 command, u64 pulse) {
    for (unsigned i = 0; i < kCounters; ++i) {
        if (!(command >> (kReadBackFirst + i) & 1)) continue;
        if (!(command & kNoCount)) counters_[i].latch_count(pulse);
        if (!(command & kNoStatus)) counters_[i].latch_status(pulse);
    }
}

// Brings OUT 0 up to date and sleeps until it may change again.
void IntervalTimer::update() {
    const u64 pulse = now();
    const bool level = counters_[0].output(pulse);
    const u64 next = counters_[0].next_change(pulse);
    scheduler_.schedule_at(edge_,
                           next == IntervalCounter::kNever ? Scheduler::kNever : time_of(next));
    interrupt_.set(level);
}

// The chip has no reset and wakes up in an undefined mode (datasheet, "Operational description").
void IntervalTimer::reset() {
    for (IntervalCounter& counter : counters_) counter = IntervalCounter();
    counters_[kSpeaker].set_gate(false, now());
    update();
}

void IntervalTimer::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    for (const IntervalCounter& counter : counters_) counter.save(writer);
    writer.put(interrupt_.level());
    writer.end();
}

void IntervalTimer::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    for (IntervalCounter& counter : counters_) counter.restore(reader);
    interrupt_.restore(reader.get<bool>());
    reader.end();
}

}  // namespace seventeen::devices
