// PowerFunction: function 3 of the 82371AB (PIIX4): places the power management registers.
//
// Datasheet: Intel 290562, chapter 7.1. The SMBus, whose registers are there to be written, is
// absent, as are the device monitors.
#pragma once

#include "devices/pci_bus.h"
#include "devices/power_management.h"

namespace seventeen::devices {

class PowerFunction final : public PciFunction {
  public:
    static constexpr u64 kRegistersSize = 64;

    explicit PowerFunction(PowerManagement& registers);

    // Where PMBASE is decoded; nothing while PMREGMISC does not enable it.
    void on_moved(std::function<void(BarAddress now)> listener);

    std::string_view name() const override { return "power function"; }
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    void config_written(unsigned offset, u8 old) override;
    void update();

    PowerManagement& registers_;
    std::function<void(BarAddress)> moved_ = [](BarAddress) {};
    BarAddress address_;
};

}  // namespace seventeen::devices
