// HpetComparator: one comparator of an HPET as arithmetic on main counter clocks.
//
// The owner's clock never stops; while the main counter runs, a comparator knows the clock at which
// the two will be equal next. Nothing ticks: `advance` catches up, however many periods passed.
#pragma once

#include "core/snapshot.h"
#include "core/types.h"

namespace seventeen::devices {

class HpetComparator {
  public:
    static constexpr u64 kNever = ~u64{0};

    // `routes`: a bit for each input of the I/O APIC that its interrupt can be wired to.
    explicit HpetComparator(u32 routes);

    // Configuration and capability register (IA-PC HPET 1.0a, 2.3.8).
    u64 config() const { return config_; }
    // True where the width changed, so that the next match is another one.
    bool write_config(u64 value);
    bool level_triggered() const;
    bool interrupts() const;
    bool periodic() const;
    unsigned route() const;
    bool routed() const { return routes_ >> route() & 1; }

    u64 value() const { return value_; }
    // The bits of `mask` of the comparator register are written with those of `value`.
    void write_value(u64 value, u64 mask);

    // The main counter shows `count` and runs, or it stands.
    void arm(u64 count, u64 clock);
    void disarm() { match_ = kNever; }
    u64 next_match() const { return match_; }
    // True where counter and comparator have been equal since it was last called.
    bool advance(u64 clock);

    void save(Writer& writer) const;
    // The owner's counter runs, and shows `count` at `clock`; or `running` is false.
    void restore(Reader& reader, u64 count, u64 clock, bool running);

  private:
    u64 width_mask() const;

    u32 routes_;
    u64 config_;
    u64 value_ = ~u64{0};
    u64 written_ = ~u64{0};  // last to the comparator: the period
    u64 match_ = kNever;
};

}  // namespace seventeen::devices
