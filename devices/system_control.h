// SystemControl: the PC's ports B (61h: speaker, refresh, timer 2) and A (92h: A20, fast reset).
//
// As the 82371SB has them (datasheet 290550, "NMI status and control" and "Port 92"). Nothing on
// the board reports parity or I/O channel errors, so those bits of port B read 0.
#pragma once

#include <functional>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"

namespace seventeen::devices {

class SystemControl final : public Device {
  public:
    enum Region : unsigned {
        kPortB,  // one byte: 61h
        kPortA,  // one byte: 92h
    };

    // `timer_output`: OUT 2 of the interval timer, now.
    SystemControl(Scheduler& scheduler, std::function<bool()> timer_output);

    // GATE 2 of the interval timer.
    Line& timer_gate() { return timer_gate_; }
    // The speaker hears the timer while this is high.
    Line& speaker_enable() { return speaker_enable_; }
    // "Alternate A20 gate": address line 20 passes if this or the keyboard controller's is high.
    Line& a20() { return a20_; }
    // A pulse resets the CPU (INIT).
    Line& reset_request() { return reset_request_; }

    std::string_view name() const override { return "system control"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    void write_port_b(u8 value);
    void write_port_a(u8 value);

    Scheduler& scheduler_;
    std::function<bool()> timer_output_;
    Line timer_gate_;
    Line speaker_enable_;
    Line a20_;
    Line reset_request_;
    u8 port_b_ = 0;  // the bits that can be written
    u8 port_a_ = 0;
};

}  // namespace seventeen::devices
