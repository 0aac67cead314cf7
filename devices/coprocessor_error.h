// CoprocessorError: the latch that makes IRQ 13 of FERR#, and IGNNE# of writes to port F0h.
//
// As the PC/AT has it, and the 82371SB within (datasheet 290550, "Coprocessor error register"): the
// interrupt handler writes to port F0h, so that the CPU ignores the error that is still there while
// the handler looks at it.
#pragma once

#include "core/device.h"
#include "core/line.h"

namespace seventeen::devices {

class CoprocessorError final : public Device {
  public:
    // One region of two ports: F0h (clear busy) and F1h (reset the coprocessor). A processor with
    // its FPU on the chip has no reset pin for it, so that both do the same.
    static constexpr u64 kSize = 2;

    // FERR#, from the CPU.
    void set_error(bool asserted);
    Line& interrupt() { return interrupt_; }        // IRQ 13
    Line& ignore_error() { return ignore_error_; }  // IGNNE#, true where asserted

    std::string_view name() const override { return "coprocessor error"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    Line interrupt_;
    Line ignore_error_;
    bool error_ = false;
};

}  // namespace seventeen::devices
