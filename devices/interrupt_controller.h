// InterruptController: one Intel 8259A, with the edge/level register that the PC added to it.
//
// The datasheet is Intel order number 231468. The board claims two byte-wide regions and wires two
// chips by `cascade`. In the edge mode a request lives as long as its input stays high: one that is
// withdrawn before it is acknowledged becomes the spurious interrupt 7 (datasheet, "Edge and level
// triggered modes").
#pragma once

#include <optional>
#include <string>

#include "core/device.h"
#include "core/line.h"

namespace seventeen::devices {

class InterruptController final : public Device {
  public:
    enum Region : unsigned {
        kRegisters,  // A0 = 0 and A0 = 1: 20h and 21h, or a0h and a1h
        kEdgeLevel,  // ELCR, one byte: 4d0h or 4d1h
    };
    static constexpr unsigned kInputs = 8;

    // `level_capable`: the bits of the edge/level register that can be set (82371SB, 4d0h: the
    // timer, the keyboard, the cascade, the clock and the coprocessor are always edges).
    InterruptController(std::string name, u8 level_capable);

    // Wires `slave`'s output to input `irq`, and this chip's cascade lines to `slave`.
    void cascade(unsigned irq, InterruptController& slave);
    void set_input(unsigned irq, bool level);
    // INT, to the CPU or to another chip.
    Line& interrupt() { return interrupt_; }
    // INTA: the vector of the interrupt that is now in service.
    u8 acknowledge();

    // What `info pic` shows.
    u8 requests() const { return inputs_ & (edges_ | level_triggered()); }
    u8 in_service() const { return in_service_; }
    u8 mask() const { return mask_; }
    u8 vector_base() const { return vector_base_; }

    std::string_view name() const override { return name_; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    // Which initialization command word the next write to A0 = 1 is.
    enum class Expect : u8 { kMask, kIcw2, kIcw3, kIcw4 };

    u8 level_triggered() const { return level_all_ ? 0xff : edge_level_; }
    // A chip that nothing is cascaded to is a slave (its SP pin), whose ICW3 is its own number.
    bool has_slave(unsigned irq) const {
        return slave_ != nullptr && !single_ && (cascade_ >> irq & 1) != 0;
    }
    // 0 is the highest.
    unsigned priority(unsigned irq) const { return (irq - lowest_ - 1) % kInputs; }
    std::optional<unsigned> highest(u8 irqs) const;
    std::optional<unsigned> pending() const;
    std::optional<unsigned> take();
    void finish(unsigned irq);
    void update() { interrupt_.set(pending().has_value()); }
    void end_of_interrupt(u8 command);
    void begin_initialization(u8 icw1);
    void write_command(u8 value);
    void write_data(u8 value);
    u8 poll();

    std::string name_;
    u8 level_capable_;
    Line interrupt_;
    InterruptController* slave_ = nullptr;
    unsigned slave_irq_ = 0;

    u8 inputs_ = 0;      // levels of the pins
    u8 edges_ = 0;       // rising edges seen and not yet acknowledged
    u8 edge_level_ = 0;  // ELCR
    u8 in_service_ = 0;  // ISR
    u8 mask_ = 0;        // IMR
    u8 vector_base_ = 0;
    u8 cascade_ = 0;  // ICW3: a master's slaves, a slave's own number
    u8 lowest_ = 7;   // the input of lowest priority
    Expect expect_ = Expect::kMask;
    bool level_all_ = false;  // ICW1.LTIM
    bool single_ = false;     // ICW1.SNGL
    bool wants_icw4_ = false;
    bool automatic_end_ = false;         // AEOI
    bool special_fully_nested_ = false;  // SFNM
    bool rotate_automatically_ = false;
    bool special_mask_ = false;
    bool read_in_service_ = false;  // else IRR
    bool poll_ = false;
};

}  // namespace seventeen::devices
