// Ne2000 and Rtl8029: the Ethernet cards made of a DP8390, for the ISA bus and for PCI.
//
// Novell's NE2000: sixteen registers of the chip, a data port for its remote DMA, a reset port;
// on the chip's own bus a PROM with the station address and 16 KiB of buffer memory. Realtek's
// RTL8029AS is all of that as a PCI function, with identification registers.
#pragma once

#include <array>

#include "devices/dp8390.h"
#include "devices/pci_bus.h"

namespace seventeen::devices {

using StationAddress = std::array<u8, 6>;

// What both cards are. Frames from the cable come through `receive`; when one comes is an input of
// the machine, so whoever calls it does so at an event point and logs it.
class Ne2000Card : public NetworkPort, private Dp8390::LocalBus {
  public:
    static constexpr u64 kPorts = 32;

    // The other end; nothing: the cable is not plugged in.
    void connect(NetworkPort* cable) { chip_.connect(cable); }
    void receive(std::span<const u8> frame) override { chip_.receive(frame); }
    // False: a frame might be lost, so one that can wait should.
    bool has_room() const { return chip_.has_room(); }

  protected:
    explicit Ne2000Card(const StationAddress& address);
    ~Ne2000Card() override = default;

    Dp8390& chip() { return chip_; }
    u64 read_ports(u64 offset, Width width);
    void write_ports(u64 offset, u64 value, Width width);
    virtual u8 read_register(unsigned offset) { return chip_.read(offset); }
    virtual void write_register(unsigned offset, u8 value) { chip_.write(offset, value); }
    void save_card(Writer& writer) const;
    void restore_card(Reader& reader);

  private:
    static constexpr std::size_t kPromSize = 32;
    static constexpr std::size_t kMemorySize = 0x4000;

    u8 read_local(u16 address) const override;
    void write_local(u16 address, u8 value) override;
    u64 read_data(Width width);
    void write_data(u64 value, Width width);

    Dp8390 chip_;
    std::array<u8, kPromSize> prom_{};
    std::array<u8, kMemorySize> memory_{};
};

class Ne2000 final : public Device, public Ne2000Card {
  public:
    enum Region : unsigned { kRegisters };  // kPorts of them, on a multiple of 32

    explicit Ne2000(const StationAddress& address) : Ne2000Card(address) {}

    Line& interrupt() { return chip().interrupt(); }

    std::string_view name() const override { return "NE2000"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override { chip().reset(); }
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;
};

class Rtl8029 final : public PciFunction, public Ne2000Card {
  public:
    enum Region : unsigned { kRegisters };  // kPorts of them, at base address kBar
    static constexpr unsigned kBar = 0;

    explicit Rtl8029(const StationAddress& address);

    std::string_view name() const override { return "RTL8029"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    u8 read_register(unsigned offset) override;
    void write_register(unsigned offset, u8 value) override;

    u8 eeprom_command_ = 0;
    u8 config2_ = 0;
    u8 config3_ = 0;
};

}  // namespace seventeen::devices
