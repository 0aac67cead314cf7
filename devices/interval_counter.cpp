// The 8254's six modes as arithmetic on clock pulses.
#include "devices/interval_counter.h"

namespace seventeen::devices {

namespace {

// The control word, and the status byte, whose lower six bits are the control word's.
constexpr u8 kDecimal = 0x01;
constexpr u8 kProgrammed = 0x3f;
constexpr unsigned kModeShift = 1;
constexpr u8 kModeMask = 0x07;
constexpr unsigned kAccessShift = 4;
constexpr u8 kAccessMask = 0x03;
constexpr u8 kStatusNullCount = 0x40;
constexpr u8 kStatusOutput = 0x80;
constexpr u32 kLargest = 0xffff * 2;  // more than any count, decimal digits beyond 9 included

constexpr u8 low(u16 value) {
    return static_cast<u8>(value);
}
constexpr u8 high(u16 value) {
    return static_cast<u8>(value >> 8);
}

u32 from_decimal(u16 digits) {
    return (digits >> 12) * 1000u + (digits >> 8 & 15) * 100u + (digits >> 4 & 15) * 10u +
           (digits & 15u);
}

u16 to_decimal(u32 value) {
    return static_cast<u16>(value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 |
                            value % 10);
}

}  // namespace

void IntervalCounter::control(u8 word, u64 pulse) {
    advance(pulse);
    freeze(pulse);
    const u8 mode = word >> kModeShift & kModeMask;
    mode_ = mode >= 6 ? mode & 3 : mode;  // 6 and 7 are 2 and 3: the upper bit is not looked at
    access_ = static_cast<Access>(word >> kAccessShift & kAccessMask);
    decimal_ = (word & kDecimal) != 0;
    null_count_ = true;
    written_ = loaded_ = expired_ = false;
    load_at_ = kNever;
    high_next_ = read_high_next_ = count_latched_ = status_latched_ = false;
}

void IntervalCounter::write(u8 byte, u64 pulse) {
    advance(pulse);
    const bool first_of_two = access_ == Access::kBoth && !high_next_;
    const bool is_high = access_ == Access::kHigh || high_next_;
    if (is_high)
        count_register_ = static_cast<u16>((high_next_ ? low(count_register_) : 0) | byte << 8);
    else
        count_register_ = byte;
    high_next_ = first_of_two;
    if (mode_ == 0) {  // "writing the first byte disables counting, OUT is set low immediately"
        freeze(pulse);
        loaded_ = expired_ = false;
        load_at_ = kNever;
    }
    if (!first_of_two) count_written(pulse);
}

// Modes 1 and 5 wait for a trigger; 2 and 3 that run finish their (half) cycle first.
void IntervalCounter::count_written(u64 pulse) {
    null_count_ = true;
    written_ = true;
    if (triggered()) return;
    if (!periodic() || !loaded_)
        load_at_ = pulse + 1;
    else if (load_at_ == kNever && counting_)
        load_at_ = reload_pulse(pulse);
}

// Where the current cycle of mode 2, or half cycle of mode 3, ends.
u64 IntervalCounter::reload_pulse(u64 pulse) const {
    const u64 phase = (pulse - epoch_) % start_;
    const u32 half = square_wave() && phase < high_half() ? high_half() : start_;
    return pulse + half - phase;
}

u32 IntervalCounter::initial_count() const {
    const u32 count = decimal_ ? from_decimal(count_register_) : count_register_;
    return count == 0 ? modulus() : count;
}

void IntervalCounter::advance(u64 pulse) {
    if (load_at_ <= pulse) load();
}

// The count register goes to the counting element.
void IntervalCounter::load() {
    // A square wave that is reloaded as it falls goes on with the lower half of the new count.
    const bool falls = square_wave() && counting_ && (load_at_ - epoch_) % start_ == high_half();
    start_ = initial_count();
    epoch_ = falls ? load_at_ - high_half() : load_at_;
    resting_ = start_;
    loaded_ = true;
    expired_ = false;
    counting_ = gate_ || triggered();
    null_count_ = false;
    load_at_ = kNever;
}

void IntervalCounter::freeze(u64 pulse) {
    if (!counting_) return;
    resting_ = value(pulse);
    expired_ = expired_ || pulse - epoch_ >= start_;
    counting_ = false;
}

void IntervalCounter::set_gate(bool level, u64 pulse) {
    advance(pulse);
    if (level == gate_) return;
    gate_ = level;
    if (triggered()) {
        if (level && written_) load_at_ = pulse + 1;
    } else if (!level) {
        if (periodic() && counting_) load_at_ = kNever;  // the trigger will load
        freeze(pulse);
    } else if (periodic()) {
        if (written_) load_at_ = pulse + 1;
    } else if (loaded_ && !counting_) {
        start_ = resting_;
        epoch_ = pulse;
        counting_ = true;
    }
}

// In clock pulses; what is left of the count, which wraps in the modes that do not reload.
u32 IntervalCounter::value(u64 pulse) const {
    if (!counting_) return resting_;
    const u64 passed = pulse - epoch_;
    if (rate_generator()) return static_cast<u32>(start_ - passed % start_);
    if (square_wave()) {
        const u64 phase = passed % start_;
        const u64 of_half = phase < high_half() ? phase : phase - high_half();
        return static_cast<u32>((start_ & ~1u) - 2 * of_half);
    }
    if (passed < start_) return static_cast<u32>(start_ - passed);
    return static_cast<u32>((modulus() - (passed - start_) % modulus()) % modulus());
}

u16 IntervalCounter::shown(u64 pulse) const {
    const u32 count = value(pulse);
    return decimal_ ? to_decimal(count) : static_cast<u16>(count);
}

bool IntervalCounter::level(u64 pulse) const {
    const u64 passed = pulse - epoch_;
    switch (mode_) {
        case 0: return expired_ || (counting_ && passed >= start_);
        case 1: return !(counting_ && passed < start_);
        case 2: return !(counting_ && passed % start_ == start_ - 1);
        case 3: return !(counting_ && passed % start_ >= high_half());
        default: return !(counting_ && !expired_ && passed == start_);
    }
}

bool IntervalCounter::output(u64 pulse) {
    advance(pulse);
    return level(pulse);
}

u64 IntervalCounter::natural_change(u64 pulse) const {
    if (!counting_ || expired_) return kNever;
    const u64 passed = pulse - epoch_;
    if (periodic()) {
        if (start_ == 1) return kNever;  // a count the datasheet forbids: the output is constant
        const u64 phase = passed % start_;
        const u64 falls = rate_generator() ? start_ - 1 : high_half();
        return pulse + (phase < falls ? falls : start_) - phase;
    }
    if (passed < start_) return epoch_ + start_;
    const bool strobes = mode_ >= 4 && passed == start_;
    return strobes ? pulse + 1 : kNever;
}

u64 IntervalCounter::next_change(u64 pulse) {
    advance(pulse);
    const u64 natural = natural_change(pulse);
    return natural < load_at_ ? natural : load_at_;
}

void IntervalCounter::latch_count(u64 pulse) {
    advance(pulse);
    if (count_latched_) return;  // the first latch holds until it is read
    latched_count_ = shown(pulse);
    count_latched_ = true;
}

void IntervalCounter::latch_status(u64 pulse) {
    advance(pulse);
    if (status_latched_) return;
    const u8 programmed = static_cast<u8>(static_cast<u8>(access_) << kAccessShift |
                                          mode_ << kModeShift | (decimal_ ? kDecimal : 0));
    latched_status_ =
        static_cast<u8>((programmed & kProgrammed) | (null_count_ ? kStatusNullCount : 0) |
                        (level(pulse) ? kStatusOutput : 0));
    status_latched_ = true;
}

u8 IntervalCounter::read(u64 pulse) {
    advance(pulse);
    if (status_latched_) {
        status_latched_ = false;
        return latched_status_;
    }
    const u16 count = count_latched_ ? latched_count_ : shown(pulse);
    const bool first_of_two = access_ == Access::kBoth && !read_high_next_;
    const bool is_high = access_ == Access::kHigh || read_high_next_;
    read_high_next_ = first_of_two;
    if (!first_of_two) count_latched_ = false;
    return is_high ? high(count) : low(count);
}

void IntervalCounter::save(Writer& writer) const {
    writer.put(mode_);
    writer.put(access_);
    writer.put(count_register_);
    for (const bool flag : {decimal_, gate_, null_count_, written_, high_next_, counting_, loaded_,
                            expired_, read_high_next_, count_latched_, status_latched_})
        writer.put(flag);
    writer.put(epoch_);
    writer.put(start_);
    writer.put(resting_);
    writer.put(load_at_);
    writer.put(latched_count_);
    writer.put(latched_status_);
}

void IntervalCounter::restore(Reader& reader) {
    reader.get(mode_);
    reader.get(access_);
    reader.get(count_register_);
    for (bool* flag : {&decimal_, &gate_, &null_count_, &written_, &high_next_, &counting_,
                       &loaded_, &expired_, &read_high_next_, &count_latched_, &status_latched_})
        reader.get(*flag);
    reader.get(epoch_);
    reader.get(start_);
    reader.get(resting_);
    reader.get(load_at_);
    reader.get(latched_count_);
    reader.get(latched_status_);
    if (mode_ > 5) reader.damaged("a counter is in an unknown mode");
    if (access_ < Access::kLow || access_ > Access::kBoth)
        reader.damaged("a counter is accessed in an unknown way");
    if (start_ > kLargest || resting_ > kLargest || (periodic() && counting_ && start_ == 0))
        reader.damaged("a counter holds what it cannot");
}

}  // namespace seventeen::devices
