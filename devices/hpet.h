// Hpet: an IA-PC HPET 1.0a with three comparators, computed from virtual time when looked at.
//
// It stands between the 8254 and the MC146818 and their interrupt inputs, IRQ 0 and IRQ 8, which
// its legacy replacement mode takes over. The main counter has QEMU's period of 10 ns. Only a match
// that can be seen at an output is scheduled.
//
// An edge-triggered interrupt is a rising edge whose line stays high until the next one, as the
// 8254's does: an 8259 forgets a request that is withdrawn before it is acknowledged.
#pragma once

#include <array>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "devices/hpet_comparator.h"

namespace seventeen::devices {

class Hpet final : public Device {
  public:
    static constexpr u64 kSize = 0x400;  // one region, at FED00000h; accesses of 4 or 8 bytes
    static constexpr u64 kPeriod = 10'000'000;  // femtoseconds
    static constexpr unsigned kComparators = 3;
    static constexpr unsigned kRoutes = 24;  // inputs of the I/O APIC
    // Of QEMU's i440FX boards: input 2 only.
    static constexpr u32 kInput2 = 1 << 2;

    explicit Hpet(Scheduler& scheduler, u32 routes = kInput2);

    // The 8254's OUT 0 and the MC146818's IRQ, and where they go: IRQ 0 and IRQ 8.
    void set_interval_timer(bool level);
    void set_real_time_clock(bool level);
    Line& irq0() { return irq0_; }
    Line& irq8() { return irq8_; }
    // To an input of the I/O APIC, outside legacy replacement; active high.
    Line& route(unsigned input);

    std::string_view name() const override { return "HPET"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    u64 clock() const;
    u64 count() const;
    bool running() const;
    bool legacy() const;
    u64 read_register(u64 offset) const;
    void write_register(u64 offset, u64 value, u64 mask);
    void write_config(u64 value);
    void write_comparator(unsigned n, u64 offset, u64 value, u64 mask);
    void set_count(u64 count);
    bool active(unsigned n) const;
    Line* output(unsigned n);
    template <typename Put>
    void drive_outputs(Put&& put);
    void catch_up();
    void update();

    Scheduler& scheduler_;
    Scheduler::EventId match_event_;
    u32 routes_;
    Line irq0_;
    Line irq8_;
    std::array<Line, kRoutes> route_lines_;
    std::array<HpetComparator, kComparators> comparators_;

    bool interval_timer_ = false;
    bool real_time_clock_ = false;
    u64 config_ = 0;
    u64 status_ = 0;   // matches of level-triggered comparators
    u64 fired_ = 0;    // of edge-triggered ones: their lines are high
    u64 count_ = 0;    // of the main counter when it started, or since it stopped
    u64 started_ = 0;  // the clock at that time
};

}  // namespace seventeen::devices
