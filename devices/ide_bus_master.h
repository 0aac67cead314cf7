// IdeBusMaster: the PIIX3's IDE function: bus-master DMA for two channels.
//
// Datasheets: Intel 290550 (82371SB) 2.3 and 2.6; "Programming interface for bus master IDE
// controller" 1.0. The function decodes the legacy ports whatever IDETIM says, as QEMU's does.
// A channel's interrupt passes through here, so that it never overtakes the data.
#pragma once

#include <array>

#include "core/scheduler.h"
#include "devices/ide_channel.h"
#include "devices/pci_bus.h"

namespace seventeen::devices {

class IdeBusMaster final : public PciFunction {
  public:
    enum Region : unsigned {
        kRegisters,  // sixteen bytes, at base address kBar
    };
    static constexpr unsigned kBar = 4;
    static constexpr unsigned kChannels = 2;

    IdeBusMaster(Scheduler& scheduler, DmaPort& memory, IdeChannel& primary, IdeChannel& secondary);

    // To the interrupt controllers: IRQ 14 and 15.
    Line& interrupt(unsigned channel) { return channels_[channel].interrupt; }

    std::string_view name() const override { return "IDE bus master"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    // The channels are saved, restored and reset on their own.
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    struct Channel {
        IdeChannel* cable = nullptr;
        Scheduler::EventId event = 0;
        Line interrupt;
        u8 command = 0;
        u8 status = 0;
        u32 table = 0;  // BMIDTP
        u32 next = 0;   // the descriptor that comes next
        // What is left of the current descriptor's region.
        u32 address = 0;
        u32 left = 0;
        bool last = false;
    };

    void config_written(unsigned offset, u8 old) override;
    u8 read_byte(unsigned offset) const;
    void write_byte(unsigned offset, u8 value);
    void write_command(Channel& channel, u8 value);
    void consider(Channel& channel);
    bool fetch(Channel& channel);
    void run(Channel& channel);
    u32 move(Channel& channel, u32 size);
    static void on_interrupt(Channel& channel, bool level);

    Scheduler& scheduler_;
    DmaPort& memory_;
    std::array<Channel, kChannels> channels_;
};

}  // namespace seventeen::devices
