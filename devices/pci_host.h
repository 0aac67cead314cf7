// PciHost: the 82441FX (440FX) host bridge: which of the first megabyte is RAM, and SMRAM.
//
// Datasheet: Intel 290549, "82441FX PCI and memory controller". Its memory timing registers can be
// written and read and do nothing.
#pragma once

#include <functional>

#include "devices/pci_bus.h"

namespace seventeen::devices {

// A piece of c0000h–fffffh. What is not enabled goes to the PCI bus: reads to firmware there.
struct PamRange {
    PhysicalAddress first;
    u32 size = 0;
    bool read_ram = false;
    bool write_ram = false;
};

// The RAM under the VGA window, a0000h–bffffh.
struct SmramControl {
    bool enabled = false;  // G_SMRAME: in SMM, code and data go to RAM
    bool open = false;     // D_OPEN: outside SMM too
    bool closed = false;   // D_CLS: only code does
};

class PciHost final : public PciFunction {
  public:
    using PamListener = std::function<void(const PamRange& range)>;
    using SmramListener = std::function<void(const SmramControl& control)>;

    PciHost();

    // The board's; called on each change, on reset and on restore.
    void on_pam(PamListener listener) { pam_listener_ = std::move(listener); }
    void on_smram(SmramListener listener) { smram_listener_ = std::move(listener); }

    std::string_view name() const override { return "PCI host"; }
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    void config_written(unsigned offset, u8 old) override;
    void write_smram(u8 old);
    void tell_pam(unsigned offset, u8 changed) const;
    void tell_smram() const;
    void tell_all() const;

    PamListener pam_listener_;
    SmramListener smram_listener_;
};

}  // namespace seventeen::devices
