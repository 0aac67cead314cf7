// The HPET's registers, main counter and interrupt outputs.
#include "devices/hpet.h"

#include <algorithm>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// IA-PC HPET 1.0a, 2.3.1; all registers are 64 bits wide.
enum Offset : u64 {
    kCapabilities = 0x000,
    kConfiguration = 0x010,
    kStatus = 0x020,
    kCounter = 0x0f0,
    kFirstComparator = 0x100,
    // Within a comparator's.
    kComparatorConfiguration = 0x00,
    kComparatorValue = 0x08,
};
constexpr u64 kComparatorSize = 0x20;

// 2.3.4: Intel's, 64 bits, legacy replacement, revision 1.
constexpr u64 kVendor = 0x8086;
constexpr u64 kCapabilityValue =
    Hpet::kPeriod << 32 | kVendor << 16 | 1 << 15 | 1 << 13 | (Hpet::kComparators - 1) << 8 | 1;
constexpr u64 kEnable = 1 << 0;  // of the configuration, 2.3.5
constexpr u64 kLegacy = 1 << 1;
constexpr u64 kComparatorBits = (1 << Hpet::kComparators) - 1;

constexpr u64 kNanoseconds = Hpet::kPeriod / 1'000'000;  // of a clock

constexpr u64 bit(unsigned n) {
    return u64{1} << n;
}

}  // namespace

Hpet::Hpet(Scheduler& scheduler, u32 routes)
    : scheduler_(scheduler),
      match_event_(scheduler.add_event("HPET match", [this] { update(); })),
      routes_(routes),
      comparators_{HpetComparator(routes), HpetComparator(routes), HpetComparator(routes)} {
    check(routes >> kRoutes == 0, "an I/O APIC has 24 inputs");
}

Line& Hpet::route(unsigned input) {
    check(input < kRoutes, "an I/O APIC has 24 inputs");
    return route_lines_[input];
}

void Hpet::set_interval_timer(bool level) {
    interval_timer_ = level;
    update();
}

void Hpet::set_real_time_clock(bool level) {
    real_time_clock_ = level;
    update();
}

// --- the main counter ---

u64 Hpet::clock() const {
    return scheduler_.now() / kNanoseconds;
}

bool Hpet::running() const {
    return (config_ & kEnable) != 0;
}

bool Hpet::legacy() const {
    return (config_ & kLegacy) != 0;
}

u64 Hpet::count() const {
    return running() ? count_ + (clock() - started_) : count_;
}

void Hpet::set_count(u64 count) {
    count_ = count;
    started_ = clock();
    for (HpetComparator& comparator : comparators_) {
        if (running())
            comparator.arm(count_, started_);
        else
            comparator.disarm();
    }
}

// --- registers ---

u64 Hpet::read(unsigned, u64 offset, Width width) {
    const u64 byte = offset % sizeof(u64);
    if (offset - byte != kCounter) catch_up();
    const u64 value = read_register(offset - byte) >> 8 * byte;
    return width >= sizeof(u64) ? value : value & (bit(8 * width) - 1);
}

// Narrower and unaligned writes are not supported (2.3.2).
void Hpet::write(unsigned, u64 offset, u64 value, Width width) {
    if (width < sizeof(u32) || offset % width != 0) return;
    catch_up();
    const u64 shift = 8 * (offset % sizeof(u64));
    const u64 mask = width == sizeof(u64) ? ~u64{0} : (bit(32) - 1) << shift;
    write_register(offset - offset % sizeof(u64), value << shift & mask, mask);
    update();
}

u64 Hpet::read_register(u64 offset) const {
    if (offset >= kFirstComparator) {
        const u64 n = (offset - kFirstComparator) / kComparatorSize;
        if (n >= kComparators) return 0;
        switch ((offset - kFirstComparator) % kComparatorSize) {
            case kComparatorConfiguration: return comparators_[n].config();
            case kComparatorValue: return comparators_[n].value();
            default: return 0;  // no FSB delivery
        }
    }
    switch (offset) {
        case kCapabilities: return kCapabilityValue;
        case kConfiguration: return config_;
        case kStatus: return status_;
        case kCounter: return count();
        default: return 0;
    }
}

void Hpet::write_register(u64 offset, u64 value, u64 mask) {
    if (offset >= kFirstComparator) {
        const u64 n = (offset - kFirstComparator) / kComparatorSize;
        if (n < kComparators)
            write_comparator(static_cast<unsigned>(n),
                             (offset - kFirstComparator) % kComparatorSize, value, mask);
        return;
    }
    switch (offset) {
        case kConfiguration: write_config((config_ & ~mask) | value); break;
        case kStatus: status_ &= ~value; break;
        case kCounter: set_count((count() & ~mask) | value); break;
        default: break;
    }
}

// Interrupts that were pending when the counter is stopped stay so in the status (2.3.5).
void Hpet::write_config(u64 value) {
    const u64 stands_at = count();
    const bool was_running = running();
    config_ = value & (kEnable | kLegacy);
    if (running() != was_running) set_count(stands_at);
}

void Hpet::write_comparator(unsigned n, u64 offset, u64 value, u64 mask) {
    HpetComparator& comparator = comparators_[n];
    bool moved = false;
    if (offset == kComparatorConfiguration) {
        moved = comparator.write_config((comparator.config() & ~mask) | value);
    } else if (offset == kComparatorValue) {
        const u64 before = comparator.value();
        comparator.write_value(value, mask);
        moved = comparator.value() != before || !comparator.periodic();
    }
    if (moved && running()) comparator.arm(count(), clock());
}

// --- interrupts ---

// A comparator's output: the status bit where level-triggered, else high since its first edge.
bool Hpet::active(unsigned n) const {
    const HpetComparator& comparator = comparators_[n];
    const u64 state = comparator.level_triggered() ? status_ : fired_;
    return running() && comparator.interrupts() && (state & bit(n));
}

Line* Hpet::output(unsigned n) {
    if (legacy() && n == 0) return &irq0_;
    if (legacy() && n == 1) return &irq8_;
    return comparators_[n].routed() ? &route_lines_[comparators_[n].route()] : nullptr;
}

template <typename Put>
void Hpet::drive_outputs(Put&& put) {
    std::array<bool, kRoutes> routed{};
    for (unsigned n = 0; n < kComparators; ++n)
        if (active(n) && comparators_[n].routed() && !(legacy() && n < 2))
            routed[comparators_[n].route()] = true;
    put(irq0_, legacy() ? active(0) : interval_timer_);
    put(irq8_, legacy() ? active(1) : real_time_clock_);
    for (unsigned input = 0; input < kRoutes; ++input) put(route_lines_[input], routed[input]);
}

// Matches up to now: level-triggered ones set their status; the others make an edge, however many
// they are.
void Hpet::catch_up() {
    for (unsigned n = 0; n < kComparators; ++n) {
        HpetComparator& comparator = comparators_[n];
        if (!comparator.interrupts() || comparator.level_triggered() || !running())
            fired_ &= ~bit(n);
        if (!comparator.advance(clock())) continue;
        if (comparator.level_triggered()) {
            status_ |= bit(n);
        } else if (comparator.interrupts()) {
            fired_ |= bit(n);
            if (Line* line = output(n)) line->lower();
        }
    }
    drive_outputs([](Line& line, bool level) { line.set(level); });
}

// Sleeps until a match that changes an output: an edge, or the first since the status was cleared.
void Hpet::update() {
    catch_up();
    u64 next = HpetComparator::kNever;
    for (unsigned n = 0; n < kComparators; ++n) {
        const HpetComparator& comparator = comparators_[n];
        const bool pending = comparator.level_triggered() && (status_ & bit(n));
        if (comparator.interrupts() && !pending) next = std::min(next, comparator.next_match());
    }
    scheduler_.schedule_at(match_event_, next > Scheduler::kNever / kNanoseconds
                                             ? Scheduler::kNever
                                             : next * kNanoseconds);
}

void Hpet::reset() {
    comparators_.fill(HpetComparator(routes_));
    config_ = 0;
    status_ = 0;
    fired_ = 0;
    set_count(0);
    update();
}

void Hpet::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(interval_timer_);
    writer.put(real_time_clock_);
    for (const u64 value : {config_, status_, fired_, count_, started_}) writer.put(value);
    for (const HpetComparator& comparator : comparators_) comparator.save(writer);
    writer.end();
}

void Hpet::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.get(interval_timer_);
    reader.get(real_time_clock_);
    for (u64* value : {&config_, &status_, &fired_, &count_, &started_}) reader.get(*value);
    if ((config_ & ~(kEnable | kLegacy)) || ((status_ | fired_) & ~kComparatorBits))
        reader.damaged("reserved bits are set");
    if (started_ > clock()) reader.damaged("the main counter was started in the future");
    for (HpetComparator& comparator : comparators_)
        comparator.restore(reader, count(), clock(), running());
    reader.end();
    drive_outputs([](Line& line, bool level) { line.restore(level); });
}

}  // namespace seventeen::devices
