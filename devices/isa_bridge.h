// IsaBridge: the 82371SB (PIIX3) function 0: routes PCI interrupts to the 8259s, resets the PC.
//
// Datasheet: Intel 290550. Every wire to the interrupt controllers runs through here, so that a
// card on the ISA bus and PCI functions can share one: an output is the OR of what drives it. The
// edge/level registers at 4d0h, which the same package holds, are part of InterruptController.
#pragma once

#include <array>

#include "devices/pci_bus.h"

namespace seventeen::devices {

class IsaBridge final : public PciFunction {
  public:
    enum Region : unsigned {
        kResetControl,  // RC, one byte: cf9h (reached through PciBus, which holds cf8h–cfbh)
    };
    static constexpr unsigned kIrqs = 16;
    static constexpr unsigned kPirqs = 4;

    IsaBridge();

    // PIRQA# … PIRQD#; true is asserted.
    void set_pirq(unsigned pirq, bool level);
    // What a chip on the ISA bus drives.
    void set_isa_irq(unsigned irq, bool level);
    // To the interrupt controllers.
    Line& interrupt(unsigned irq) { return interrupts_[irq]; }
    // PCIRST# and RSTDRV: the whole board.
    Line& hard_reset() { return hard_reset_; }
    // INIT: the CPU alone.
    Line& soft_reset() { return soft_reset_; }

    std::string_view name() const override { return "ISA bridge"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    void config_written(unsigned offset, u8 old) override;
    void update();

    std::array<Line, kIrqs> interrupts_;
    Line hard_reset_;
    Line soft_reset_;
    u16 isa_irqs_ = 0;
    u8 pirqs_ = 0;
    u8 reset_control_ = 0;
};

}  // namespace seventeen::devices
