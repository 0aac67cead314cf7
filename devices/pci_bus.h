// PciBus: PCI bus 0, reached by configuration mechanism #1, and the functions that sit on it.
//
// References: PCI Local Bus Specification 2.1, chapter 6; 82441FX datasheet (290549) 3.1 and 3.2.
// A function is a Device whose base class is its configuration space. It does not claim its base
// addresses itself: it tells the board each time one comes, moves or goes.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "core/device.h"
#include "core/line.h"

namespace seventeen::devices {

struct PciIdentity {
    u16 vendor = 0;
    u16 device = 0;
    u32 class_code = 0;  // base class, subclass, programming interface
    u8 revision = 0;
    u8 header_type = 0;
    // What QEMU's functions carry; SeaBIOS looks for fw_cfg only where the host bridge has these.
    u16 subsystem_vendor = 0x1af4;
    u16 subsystem = 0x1100;
    u8 interrupt_pin = 0;  // 0: none, 1: INTA …
};

enum class PciSpace : u8 { kIo, kMemory, kPrefetchable };

class PciFunction : public Device {
  public:
    static constexpr unsigned kConfigSize = 256;
    static constexpr unsigned kBars = 6;
    static constexpr unsigned kRomBar = 6;  // the expansion ROM's number in what follows

    // Where a base address register is decoded; nothing while the command register forbids it, or
    // while it holds 0 or an address that its space does not have (as during sizing).
    using BarAddress = std::optional<u64>;
    using BarMoved = std::function<void(unsigned bar, BarAddress old, BarAddress now)>;

    explicit PciFunction(const PciIdentity& identity);

    // Functions without base addresses have no other registers.
    u64 read(unsigned, u64, Width width) override { return ~u64{0} >> (64 - 8 * width); }
    void write(unsigned, u64, u64, Width) override {}

    // An access lies within one aligned doubleword.
    u32 read_config(unsigned offset, Width width) const;
    virtual void write_config(unsigned offset, u32 value, Width width);
    // Software is about to read: a register that stands for something else is brought up to date.
    virtual void prepare_config_read(unsigned offset) { static_cast<void>(offset); }

    // INTA# … INTD#, whichever the interrupt pin register names; true is asserted.
    Line& pci_interrupt() { return interrupt_; }
    u8 interrupt_pin() const;
    // The board's; called during restore too.
    void on_bar_moved(BarMoved listener) { bar_moved_ = std::move(listener); }
    u64 bar_size(unsigned bar) const { return bars_[bar].size; }
    PciSpace bar_space(unsigned bar) const { return bars_[bar].space; }
    BarAddress bar_address(unsigned bar) const { return bars_[bar].address; }

  protected:
    // `size` is a power of two, at least 4 (I/O), 16 (memory) or 2048 (ROM).
    void add_bar(unsigned bar, PciSpace space, u32 size);
    // The value after reset, and which bits software can change, of `width` bytes.
    void define(unsigned offset, Width width, u32 value, u32 writable);
    // Sets a register from the chip's side, whatever its mask.
    void set_config(unsigned offset, u8 value) { config_[offset] = value; }
    u8 config(unsigned offset) const { return config_[offset]; }
    bool bus_master_enabled() const;

    // A byte was written by software and may now hold another value.
    virtual void config_written(unsigned offset, u8 old) {
        static_cast<void>(offset);
        static_cast<void>(old);
    }

    void reset_config();
    // Inside the chip's own section.
    void save_config(Writer& writer) const;
    void restore_config(Reader& reader);

  private:
    struct Bar {
        PciSpace space = PciSpace::kIo;
        u32 size = 0;  // 0: none
        BarAddress address;
    };

    static unsigned bar_offset(unsigned bar);
    u32 doubleword(unsigned offset) const;
    BarAddress decode(unsigned bar) const;
    void update_bars();

    std::array<u8, kConfigSize> config_{};
    std::array<u8, kConfigSize> defaults_{};
    std::array<u8, kConfigSize> writable_{};
    std::array<Bar, kBars + 1> bars_;
    BarMoved bar_moved_;
    Line interrupt_;
};

class PciBus final : public Device {
  public:
    enum Region : unsigned {
        kAddress,  // CONFADD, four bytes: cf8h
        kData,     // CONFDATA, four bytes: cfch
    };
    static constexpr unsigned kDevices = 32;
    static constexpr unsigned kFunctions = 8;
    static constexpr unsigned kInterrupts = 4;

    // A place holds one function, whose interrupt is wired from now on.
    void attach(unsigned device, unsigned function, PciFunction& chip);
    PciFunction* find(unsigned device, unsigned function) const;
    // Only a doubleword access reaches CONFADD; others pass to the ISA bridge, whose reset control
    // register is its second byte (82371SB, "RC": cf9h).
    void connect_reset_control(Device& chip, unsigned region);
    // PIRQA# … PIRQD#: the OR of the functions wired to each. Device d's INTA# is PIRQ (d - 1) mod
    // 4, its INTB# the next …, as on QEMU's board and in SeaBIOS' tables.
    Line& interrupt(unsigned pirq) { return interrupts_[pirq]; }

    std::string_view name() const override { return "PCI bus"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override { address_ = 0; }
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    PciFunction* addressed() const;
    unsigned addressed_register(u64 offset) const;
    void update_interrupts();

    std::array<PciFunction*, kDevices * kFunctions> functions_{};
    std::array<Line, kInterrupts> interrupts_;
    Device* reset_control_ = nullptr;
    unsigned reset_region_ = 0;
    u32 address_ = 0;
};

}  // namespace seventeen::devices
