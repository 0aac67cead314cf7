// KeyboardController: the i8042 with its two ports, the A20 gate and the reset line.
//
// One byte at a time stands in the output buffer, from the controller, the keyboard or the mouse;
// the next comes after the buffer was read and the time that a byte takes on the wire.
#pragma once

#include <array>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "devices/ps2_device.h"

namespace seventeen::devices {

class KeyboardController final : public Device {
  public:
    enum Region : unsigned { kDataPort, kCommandPort };  // 60h and 64h, one byte each

    // Resets, saves and restores the two devices along with itself.
    KeyboardController(Scheduler& scheduler, Ps2Device& keyboard, Ps2Device& mouse);

    std::string_view name() const override { return "keyboard controller"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    Line& keyboard_interrupt() { return keyboard_interrupt_; }
    Line& mouse_interrupt() { return mouse_interrupt_; }
    Line& a20() { return a20_; }  // high from the start: look at its level when connecting
    Line& reset_request() { return reset_request_; }

  private:
    enum class Source : u8 { kController, kKeyboard, kMouse };

    u8 status() const;
    u8 read_data();
    void write_data(u8 value);
    void write_command(u8 value);
    void write_memory(unsigned address, u8 value);
    void write_output_port(u8 value);
    u8 read_output_port() const;
    void answer(u8 value, Source as = Source::kController);
    void deliver_answer();
    bool ready(Source port) const;
    void expect_transfer();
    void transfer();
    void fill(u8 value, Source source);
    void update_interrupts();
    u8& control() { return memory_[0]; }
    u8 control() const { return memory_[0]; }

    Scheduler& scheduler_;
    Ps2Device& keyboard_;
    Ps2Device& mouse_;
    Scheduler::EventId transfer_event_;
    Line keyboard_interrupt_;
    Line mouse_interrupt_;
    Line a20_;
    Line reset_request_;

    std::array<u8, 32> memory_{};  // the first byte controls; the others are the guest's
    u8 command_ = 0;               // whose data byte comes next, or 0
    u8 output_ = 0;
    Source output_source_ = Source::kController;
    bool output_full_ = false;
    bool command_last_ = false;
    u8 answer_ = 0;  // waits for the buffer to be read
    Source answer_source_ = Source::kController;
    bool answer_waits_ = false;
    bool break_prefix_ = false;  // F0h was swallowed by the translation
};

}  // namespace seventeen::devices
