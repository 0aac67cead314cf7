// Keyboard: the AT and PS/2 keyboard: scan code sets 1 to 3, its commands, typematic repeat.
#pragma once

#include <array>
#include <vector>

#include "core/scheduler.h"
#include "devices/key_code.h"
#include "devices/ps2_device.h"

namespace seventeen::devices {

class Keyboard final : public Ps2Device {
  public:
    explicit Keyboard(Scheduler& scheduler);

    // Pressing a key that is down, or releasing one that is up, does nothing.
    void press(KeyCode code);
    void release(KeyCode code);
    // Bit 0 Scroll Lock, bit 1 Num Lock, bit 2 Caps Lock.
    u8 leds() const { return leds_; }

    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    using Codes = std::vector<u8>;

    void command(u8 byte) override;
    void argument(u8 byte);
    void set_defaults();
    void set_all_kinds(KeyKind kind);
    void repeat();
    void start_typematic(KeyCode code);
    Scheduler::Nanoseconds typematic_delay() const;
    Scheduler::Nanoseconds typematic_period() const;
    bool down(KeyCode code) const { return down_[static_cast<std::size_t>(code)]; }
    KeyKind kind(KeyCode code) const;
    bool shifted() const;
    bool controlled() const;
    bool alternated() const;
    Codes make_codes(KeyCode code) const;
    Codes break_codes(KeyCode code) const;
    void append_make(Codes& codes, u16 set2) const;
    void append_break(Codes& codes, u16 set2) const;
    void enqueue(const Codes& codes);

    Scheduler& scheduler_;
    Scheduler::EventId repeat_event_;
    std::array<bool, kKeyCount> down_{};
    std::array<KeyKind, kKeyCount> kinds_{};
    KeyCode repeating_ = KeyCode::kA;
    u8 awaiting_ = 0;  // the command whose argument comes next, or 0
    u8 set_ = 2;
    u8 leds_ = 0;
    u8 typematic_ = 0;
    bool scanning_ = true;
    bool overrun_ = false;  // the buffer ends with the overrun code
};

}  // namespace seventeen::devices
