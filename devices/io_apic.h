// IoApic: an Intel 82093AA, which turns the levels of 24 pins into messages to local APICs.
//
// The datasheet is Intel order number 290566. As QEMU's it says to be version 20h and has the EOI
// register that came with it; firmware, Linux and Windows drive both alike.
#pragma once

#include <array>

#include "core/device.h"
#include "devices/interrupt_message.h"

namespace seventeen::devices {

class IoApic final : public Device {
  public:
    static constexpr u64 kSize = 0x1000;  // one region, at FEC00000h
    static constexpr unsigned kPins = 24;
    // What the polarity bit of an entry does. QEMU and KVM ignore it, because there are guests that
    // believe in active-low PCI interrupts whatever the ACPI tables say (Linux commit
    // 100943c54e09).
    enum class Polarity : u8 { kHonoured, kIgnored };

    IoApic(InterruptMessageTarget& target, Polarity polarity)
        : target_(target), polarity_(polarity) {
        reset();
    }

    void set_input(unsigned pin, bool level);
    // A local APIC's EOI of a level-triggered interrupt.
    void end_of_interrupt(u8 vector);

    std::string_view name() const override { return "I/O APIC"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    // What `info pic` shows: a redirection entry and a pin.
    u64 entry(unsigned pin) const { return entries_[pin]; }
    bool input(unsigned pin) const { return inputs_ >> pin & 1; }

  private:
    u32 read_window() const;
    void write_window(u32 value);
    bool asserted(unsigned pin) const;
    bool send(unsigned pin);
    void serve_level(unsigned pin);

    InterruptMessageTarget& target_;
    Polarity polarity_;
    std::array<u64, kPins> entries_{};
    u32 inputs_ = 0;  // levels of the pins
    u8 select_ = 0;
    u8 id_ = 0;
};

}  // namespace seventeen::devices
