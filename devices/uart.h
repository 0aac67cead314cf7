// Uart: the 16550A, its two FIFOs, its modem lines and the time a character takes on the wire.
//
// A character leaves through the sink when its start bit does; the transmitter is busy for as long
// as the divisor and the frame say. Characters from the other end queue outside the chip and come
// in at the same rate. The other end honours flow control: it waits while the receiver is full, so
// only loopback can overrun. Names are those of the National PC16550D datasheet.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <string>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"

namespace seventeen::devices {

// In the order of MCR bits 0..3.
enum class ModemOutput : u8 { kDtr, kRts, kOut1, kOut2 };
// In the order of MSR bits 4..7.
enum class ModemInput : u8 { kCts, kDsr, kRi, kDcd };

class Uart final : public Device {
  public:
    using Sink = std::function<void(u8)>;

    // The name tells several apart: "uart 1". The one region is the eight registers. `haste`: how
    // many times faster than its divisor says it sends and receives.
    Uart(std::string name, Scheduler& scheduler, Sink sink, unsigned haste = 1);

    std::string_view name() const override { return name_; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    // INTR. On the PC's adapters OUT2 gates it; like QEMU this board's need not.
    Line& interrupt() { return interrupt_; }
    Line& output(ModemOutput pin) { return outputs_[static_cast<unsigned>(pin)]; }
    // Unless told otherwise CTS, DSR and DCD are active, as with a terminal switched on.
    void set_input(ModemInput pin, bool active);

    // From the other end of the wire.
    void receive(u8 byte);
    void receive_break();
    std::size_t queued() const { return incoming_.size(); }

  private:
    static constexpr std::size_t kFifoSize = 16;

    // A received character with its LSR error bits above it.
    using Character = u16;

    bool fifos_enabled() const;
    bool loopback() const;
    std::size_t receive_room() const;
    std::size_t trigger_level() const;
    Scheduler::Nanoseconds character_time() const;

    u8 read_buffer();
    u8 read_line_status();
    u8 read_modem_status();
    u8 read_identification();
    u8 identification() const;
    u8 line_status() const;
    void write_holding(u8 value);
    void write_interrupt_enable(u8 value);
    void write_fifo_control(u8 value);
    void write_line_control(u8 value);
    void write_modem_control(u8 value);

    void start_transmission();
    void finish_transmission();
    void clear_receiver();
    void clear_transmitter();
    void queue(Character character);
    void expect_incoming();
    void take_incoming();
    void deliver(Character character);
    void restart_timeout();
    void update_modem_status();
    void update_interrupt();

    std::string name_;
    Scheduler& scheduler_;
    Sink sink_;
    unsigned haste_;
    Line interrupt_;
    std::array<Line, 4> outputs_;
    Scheduler::EventId transmit_event_;
    Scheduler::EventId receive_event_;
    Scheduler::EventId timeout_event_;

    std::deque<Character> incoming_;  // on their way, outside the chip
    std::deque<Character> received_;  // RBR, or the receiver FIFO
    std::deque<u8> holding_;          // THR, or the transmitter FIFO
    bool shifting_ = false;
    u8 shift_register_ = 0;
    u16 divisor_ = 0;
    u8 interrupt_enable_ = 0;
    u8 fifo_control_ = 0;
    u8 line_control_ = 0;
    u8 modem_control_ = 0;
    u8 modem_status_ = 0;
    u8 scratch_ = 0;
    u8 inputs_ = 0;  // in MSR's upper half
    u8 buffer_ = 0;  // what RBR reads as when nothing is in it
    bool overrun_ = false;
    bool errors_seen_ = false;  // LSR was read: the errors of the next character are cleared
    bool holding_empty_pending_ = false;
    bool timeout_pending_ = false;
};

}  // namespace seventeen::devices
