// IntervalCounter: one of the 8254's three counters, as a function of the clock pulses that passed.
#pragma once

#include "core/snapshot.h"
#include "core/types.h"

namespace seventeen::devices {

// Every method is told the number of the last clock pulse; it never decreases. A count that is
// written reaches the counting element at a later pulse (datasheet, "Mode definitions"): `load_at_`
// is that pulse, and `advance` catches up with it.
class IntervalCounter {
  public:
    static constexpr u64 kNever = ~u64{0};

    // The control word for this counter; not a latch or read-back command.
    void control(u8 word, u64 pulse);
    void write(u8 byte, u64 pulse);
    u8 read(u64 pulse);
    void latch_count(u64 pulse);
    void latch_status(u64 pulse);
    void set_gate(bool level, u64 pulse);
    bool output(u64 pulse);
    // The next pulse at which the output may change, or kNever.
    u64 next_change(u64 pulse);

    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    enum class Access : u8 { kLow = 1, kHigh = 2, kBoth = 3 };  // RW1, RW0

    bool rate_generator() const { return mode_ == 2; }
    bool square_wave() const { return mode_ == 3; }
    bool periodic() const { return rate_generator() || square_wave(); }
    bool triggered() const { return mode_ == 1 || mode_ == 5; }
    u32 modulus() const { return decimal_ ? 10'000 : 0x10000; }
    u32 initial_count() const;
    u32 high_half() const { return (start_ + 1) / 2; }  // of the square wave
    u16 shown(u64 pulse) const;
    u32 value(u64 pulse) const;
    u64 reload_pulse(u64 pulse) const;
    u64 natural_change(u64 pulse) const;
    bool level(u64 pulse) const;
    void advance(u64 pulse);
    void load();
    void freeze(u64 pulse);
    void count_written(u64 pulse);

    // Programmed.
    u8 mode_ = 0;
    Access access_ = Access::kBoth;
    bool decimal_ = false;
    u16 count_register_ = 0;
    bool gate_ = true;
    bool null_count_ = true;
    bool written_ = false;    // a whole count since the control word
    bool high_next_ = false;  // of a two-byte write
    // The counting element.
    bool counting_ = false;
    bool loaded_ = false;   // since the control word
    bool expired_ = false;  // modes 0 and 4: before the gate stopped it
    u64 epoch_ = 0;         // the pulse at which it held `start_`
    u32 start_ = 0;         // its period in modes 2 and 3
    u32 resting_ = 0;       // what it holds while it does not count
    u64 load_at_ = kNever;
    // Being read.
    bool read_high_next_ = false;
    bool count_latched_ = false;
    bool status_latched_ = false;
    u16 latched_count_ = 0;
    u8 latched_status_ = 0;
};

}  // namespace seventeen::devices
