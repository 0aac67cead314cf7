// VgaFunction: where QEMU's standard VGA sits on the PCI bus: 1234:1111 with its three windows.
#pragma once

#include "devices/pci_bus.h"
#include "devices/vga.h"

namespace seventeen::devices {

// Holds no state but its configuration space; the registers and memory are the Vga's, which the
// board claims at the addresses that this function reports.
class VgaFunction final : public PciFunction {
  public:
    static constexpr unsigned kFramebufferBar = 0;
    static constexpr unsigned kRegisterBar = 2;

    // `memory` and `rom` bytes: powers of two.
    VgaFunction(u32 memory, u32 rom);

    std::string_view name() const override { return "vga function"; }
    void reset() override { reset_config(); }
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;
};

}  // namespace seventeen::devices
