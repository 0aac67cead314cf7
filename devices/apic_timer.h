// ApicTimer: a local APIC's count-down timer as arithmetic on bus clocks (SDM 3A 10.5.4).
//
// Nothing ticks: a running timer is the clock at which it next reaches zero. Who owns it passes the
// time in and asks it to advance() before looking.
#pragma once

#include "core/snapshot.h"
#include "core/types.h"

namespace seventeen::devices {

class ApicTimer {
  public:
    static constexpr u64 kNever = ~u64{0};

    // The initial-count register; starts the timer anew, 0 stops it.
    void set_initial_count(u32 count, u64 now);
    u32 initial_count() const { return initial_; }
    u32 current_count(u64 now) const;  // as of advance(now)

    // The divide configuration register; what is left to count goes on with the new divisor.
    void set_divide(u32 value, u64 now);
    u32 divide() const { return divide_; }

    // A count that has ended does not start again by becoming periodic.
    void set_periodic(bool periodic) { periodic_ = periodic; }

    // True where zero has been reached since it was last called; a periodic timer has reloaded.
    bool advance(u64 now);
    u64 next_expiry() const { return expiry_; }  // kNever where stopped

    void save(Writer& writer) const;
    void restore(Reader& reader, u64 now);  // the owner knows whether it is periodic

  private:
    u64 divisor() const;
    u64 period() const { return initial_ * divisor(); }

    u32 initial_ = 0;
    u32 divide_ = 0;
    bool periodic_ = false;
    u64 expiry_ = kNever;
};

}  // namespace seventeen::devices
