// PowerManagement: the ACPI and APM registers of the PIIX4; the board's PCI function places them.
//
// The timer is computed from virtual time when it is read; an event is scheduled only while its
// overflow would interrupt.
#pragma once

#include <functional>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"

namespace seventeen::devices {

class PowerManagement final : public Device {
  public:
    // PMBASE, 64 bytes; GPE0, four bytes (AFE0h in QEMU's boards); B2h, two bytes.
    enum Region : unsigned { kPmRegisters, kGpe0, kApm };
    using Listener = std::function<void()>;

    // `power_off` is told when the guest enters soft off (S5).
    PowerManagement(Scheduler& scheduler, Listener power_off);

    std::string_view name() const override { return "power management"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    Line& sci() { return sci_; }
    Line& smi() { return smi_; }  // pulses for a command, where enabled
    // The PCI function's DEVACTB (58h) bit 25, APMC_EN.
    void enable_command_smi(bool enabled) { command_smi_ = enabled; }
    void press_power_button();
    void rtc_alarm();
    void raise_gpe(unsigned bit);  // 0..15

  private:
    u8 read_pm(u64 offset);
    void write_pm(u64 offset, u8 value);
    void write_control_high(u8 value);
    u8 read_gpe(u64 offset) const;
    void write_gpe(u64 offset, u8 value);
    void write_command(u8 value);
    u64 timer() const;
    bool sci_wanted() const;
    void note_overflow();
    void update();

    Scheduler& scheduler_;
    Listener power_off_;
    Scheduler::EventId overflow_event_;
    Line sci_;
    Line smi_;
    u64 next_overflow_ = 0;  // in timer clocks since the machine was switched on
    u16 status_ = 0;
    u16 enable_ = 0;
    u16 control_ = 0;
    u16 gpe_status_ = 0;
    u16 gpe_enable_ = 0;
    u8 command_ = 0;
    u8 command_status_ = 0;
    bool command_smi_ = false;
};

}  // namespace seventeen::devices
