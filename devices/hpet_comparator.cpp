// When an HPET's comparator meets the main counter, once or periodically.
#include "devices/hpet_comparator.h"

namespace seventeen::devices {

namespace {

// IA-PC HPET 1.0a, 2.3.8. There is no FSB delivery.
constexpr u64 kLevel = 1 << 1;
constexpr u64 kInterrupts = 1 << 2;
constexpr u64 kPeriodic = 1 << 3;
constexpr u64 kPeriodicCapable = 1 << 4;
constexpr u64 k64BitCapable = 1 << 5;
constexpr u64 kSetValue = 1 << 6;
constexpr u64 k32Bit = 1 << 8;
constexpr unsigned kRouteShift = 9;
constexpr u64 kRoute = u64{0x1f} << kRouteShift;
constexpr unsigned kRoutesShift = 32;
constexpr u64 kWritable = kRoute | k32Bit | kSetValue | kPeriodic | kInterrupts | kLevel;

constexpr u64 kLow = 0xffff'ffff;

u64 saturating_add(u64 a, u64 b) {
    return a > HpetComparator::kNever - b ? HpetComparator::kNever : a + b;
}

}  // namespace

HpetComparator::HpetComparator(u32 routes)
    : routes_(routes), config_(u64{routes} << kRoutesShift | k64BitCapable | kPeriodicCapable) {}

bool HpetComparator::level_triggered() const {
    return (config_ & kLevel) != 0;
}

bool HpetComparator::interrupts() const {
    return (config_ & kInterrupts) != 0;
}

bool HpetComparator::periodic() const {
    return (config_ & kPeriodic) != 0;
}

unsigned HpetComparator::route() const {
    return static_cast<unsigned>((config_ & kRoute) >> kRouteShift);
}

u64 HpetComparator::width_mask() const {
    return config_ & k32Bit ? kLow : ~u64{0};
}

// A route that there is not can't be written: software reads it back to see.
bool HpetComparator::write_config(u64 value) {
    const u64 old = config_;
    const bool routable = routes_ >> ((value & kRoute) >> kRouteShift) & 1;
    const u64 writable = routable ? kWritable : kWritable & ~kRoute;
    config_ = (config_ & ~writable) | (value & writable);
    value_ &= width_mask();
    written_ &= width_mask();
    return ((old ^ config_) & k32Bit) != 0;
}

// What is written is the period, and in periodic mode the comparator takes it over only where
// software has asked for that just before (2.3.9.2.2).
void HpetComparator::write_value(u64 value, u64 mask) {
    const auto written = [&](u64 old) { return ((old & ~mask) | (value & mask)) & width_mask(); };
    written_ = written(written_);
    if (!periodic() || (config_ & kSetValue)) value_ = written(value_);
    config_ &= ~kSetValue;
}

// Equal already counts as reached.
void HpetComparator::arm(u64 count, u64 clock) {
    match_ = saturating_add(clock, (value_ - count) & width_mask());
}

// Without a period they are equal again when the compared bits come round.
bool HpetComparator::advance(u64 clock) {
    if (match_ > clock || match_ == kNever) return false;
    const bool wide = width_mask() != kLow;
    const bool accumulates = periodic() && written_ != 0;
    if (!accumulates && wide) {
        match_ = kNever;
        return true;
    }
    const u64 period = accumulates ? written_ : kLow + 1;
    const u64 passed = ((clock - match_) / period + 1) * period;
    if (accumulates) value_ = (value_ + passed) & width_mask();
    match_ = saturating_add(match_, passed);
    return true;
}

void HpetComparator::save(Writer& writer) const {
    for (const u64 value : {config_, value_, written_, match_}) writer.put(value);
}

void HpetComparator::restore(Reader& reader, u64 count, u64 clock, bool running) {
    const u64 capabilities = HpetComparator(routes_).config_;
    for (u64* value : {&config_, &value_, &written_, &match_}) reader.get(*value);
    if ((config_ & ~kWritable) != capabilities || (route() != 0 && !routed()))
        reader.damaged("a comparator's configuration is impossible");
    if ((value_ | written_) & ~width_mask()) reader.damaged("a comparator of 32 bits holds more");
    if (match_ == kNever) return;
    if (!running || ((count + (match_ - clock) - value_) & width_mask()) != 0)
        reader.damaged("a comparator waits for another time than its own");
}

}  // namespace seventeen::devices
