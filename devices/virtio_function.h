// VirtioFunction: where a driver finds virtio's registers on the PCI bus, and the interrupt.
//
// VIRTIO 1.2, 4.1.2 and 4.1.4: base addresses 0 (I/O, the legacy interface) and 4 (memory), the
// capabilities that name the structures in the latter, and the one that is a window onto both for
// drivers that reach configuration space only.
#pragma once

#include <optional>

#include "devices/pci_bus.h"

namespace seventeen::devices {

class VirtioFunction : public PciFunction {
  public:
    enum Region : unsigned {
        kLegacy,  // base address kLegacyBar, I/O
        kModern,  // base address kModernBar, memory
    };
    static constexpr unsigned kLegacyBar = 0;
    static constexpr unsigned kModernBar = 4;
    static constexpr u32 kLegacySize = 64;
    static constexpr u32 kModernSize = 0x4000;

    void write_config(unsigned offset, u32 value, Width width) override;
    void prepare_config_read(unsigned offset) override;

  protected:
    // Virtio's number of the device and PCI's transitional one.
    VirtioFunction(u16 device, u16 transitional, u32 class_code);

    void show_interrupt(bool level);
    void restore_function(Reader& reader);

  private:
    std::optional<unsigned> window_region() const;
};

}  // namespace seventeen::devices
