// The local APIC timer's divisor, reloads and current count.
#include "devices/apic_timer.h"

namespace seventeen::devices {

namespace {

constexpr u32 kDivideMask = 0xb;  // bits 3, 1 and 0 (SDM 3A figure 10-10)

}  // namespace

// 000 divides by 2, 001 by 4, … 110 by 128, and 111 by 1.
u64 ApicTimer::divisor() const {
    const u32 code = (divide_ & 3) | (divide_ >> 1 & 4);
    return u64{1} << ((code + 1) & 7);
}

void ApicTimer::set_initial_count(u32 count, u64 now) {
    initial_ = count;
    expiry_ = count == 0 ? kNever : now + period();
}

u32 ApicTimer::current_count(u64 now) const {
    if (expiry_ == kNever) return 0;
    return static_cast<u32>((expiry_ - now + divisor() - 1) / divisor());
}

void ApicTimer::set_divide(u32 value, u64 now) {
    const u64 left = current_count(now);
    divide_ = value & kDivideMask;
    if (expiry_ != kNever) expiry_ = now + left * divisor();
}

bool ApicTimer::advance(u64 now) {
    if (expiry_ > now) return false;
    if (periodic_)
        expiry_ += ((now - expiry_) / period() + 1) * period();
    else
        expiry_ = kNever;
    return true;
}

void ApicTimer::save(Writer& writer) const {
    writer.put(initial_);
    writer.put(divide_);
    writer.put(expiry_);
}

void ApicTimer::restore(Reader& reader, u64 now) {
    reader.get(initial_);
    reader.get(divide_);
    reader.get(expiry_);
    if (divide_ & ~kDivideMask) reader.damaged("the timer's divisor has reserved bits set");
    if (expiry_ == kNever) return;
    if (initial_ == 0) reader.damaged("a timer without a count is running");
    // An expiry that nobody waited for may be long past.
    if (expiry_ > now && expiry_ - now > period())
        reader.damaged("the timer has more left than its initial count");
}

}  // namespace seventeen::devices
