// Configuration space, base addresses and the wiring of interrupts of PCI bus 0.
#include "devices/pci_bus.h"

#include <bit>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// The header (PCI 2.1, 6.1).
constexpr unsigned kVendor = 0x00;
constexpr unsigned kDevice = 0x02;
constexpr unsigned kCommand = 0x04;
constexpr unsigned kStatusHigh = 0x07;
constexpr unsigned kRevision = 0x08;
constexpr unsigned kClassCode = 0x09;
constexpr unsigned kCacheLine = 0x0c;
constexpr unsigned kLatencyTimer = 0x0d;
constexpr unsigned kHeaderType = 0x0e;
constexpr unsigned kFirstBar = 0x10;
constexpr unsigned kSubsystemVendor = 0x2c;
constexpr unsigned kSubsystem = 0x2e;
constexpr unsigned kRom = 0x30;
constexpr unsigned kInterruptLine = 0x3c;
constexpr unsigned kInterruptPin = 0x3d;

constexpr u32 kCommandIo = 0x01;
constexpr u32 kCommandMemory = 0x02;
constexpr u32 kCommandMaster = 0x04;
constexpr u32 kCommandWritable = 0x0547;  // with parity, SERR# and interrupt disable
constexpr u32 kInterruptDisable = 0x0400;
constexpr u8 kStatusErrors = 0xf9;  // of the high byte: cleared by writing ones

constexpr u32 kBarIo = 0x01;
constexpr u32 kBarPrefetchable = 0x08;
constexpr u32 kRomEnable = 0x01;

// CONFADD.
constexpr u32 kEnable = 0x8000'0000;
constexpr u32 kAddressBits = 0x80ff'fffc;

constexpr u32 ones(Width width) {
    return static_cast<u32>(~u64{0} >> (64 - 8 * width));
}

}  // namespace

PciFunction::PciFunction(const PciIdentity& identity) {
    define(kVendor, 2, identity.vendor, 0);
    define(kDevice, 2, identity.device, 0);
    define(kCommand, 2, 0, kCommandWritable);
    define(kRevision, 1, identity.revision, 0);
    define(kClassCode, 3, identity.class_code, 0);
    define(kCacheLine, 1, 0, 0xff);
    define(kLatencyTimer, 1, 0, 0xff);
    define(kHeaderType, 1, identity.header_type, 0);
    define(kSubsystemVendor, 2, identity.subsystem_vendor, 0);
    define(kSubsystem, 2, identity.subsystem, 0);
    define(kInterruptLine, 1, 0, 0xff);
    define(kInterruptPin, 1, identity.interrupt_pin, 0);
}

void PciFunction::define(unsigned offset, Width width, u32 value, u32 writable) {
    for (unsigned i = 0; i < width; ++i) {
        defaults_[offset + i] = config_[offset + i] = static_cast<u8>(value >> 8 * i);
        writable_[offset + i] = static_cast<u8>(writable >> 8 * i);
    }
}

unsigned PciFunction::bar_offset(unsigned bar) {
    return bar == kRomBar ? kRom : kFirstBar + 4 * bar;
}

void PciFunction::add_bar(unsigned bar, PciSpace space, u32 size) {
    check(bar <= kRomBar && std::has_single_bit(size) && size >= 4, "a BAR is a power of two");
    bars_[bar] = {space, size, {}};
    u32 fixed = 0;
    if (space == PciSpace::kIo) fixed = kBarIo;
    if (space == PciSpace::kPrefetchable) fixed = kBarPrefetchable;
    const u32 enable = bar == kRomBar ? kRomEnable : 0;
    define(bar_offset(bar), 4, fixed, ~(size - 1) | enable);
}

u8 PciFunction::interrupt_pin() const {
    return config_[kInterruptPin];
}

bool PciFunction::bus_master_enabled() const {
    return (config_[kCommand] & kCommandMaster) != 0;
}

u32 PciFunction::doubleword(unsigned offset) const {
    u32 value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= u32{config_[offset + i]} << 8 * i;
    return value;
}

u32 PciFunction::read_config(unsigned offset, Width width) const {
    return doubleword(offset & ~3u) >> 8 * (offset & 3) & ones(width);
}

void PciFunction::write_config(unsigned offset, u32 value, Width width) {
    for (unsigned i = 0; i < width; ++i) {
        const unsigned at = offset + i;
        const u8 byte = static_cast<u8>(value >> 8 * i);
        const u8 old = config_[at];
        config_[at] = static_cast<u8>((old & ~writable_[at]) | (byte & writable_[at]));
        if (at == kStatusHigh) config_[at] = static_cast<u8>(old & ~(byte & kStatusErrors));
        config_written(at, old);
    }
    update_bars();
}

PciFunction::BarAddress PciFunction::decode(unsigned bar) const {
    const Bar& it = bars_[bar];
    if (it.size == 0) return {};
    const bool io = it.space == PciSpace::kIo;
    if ((config_[kCommand] & (io ? kCommandIo : kCommandMemory)) == 0) return {};
    const u32 value = doubleword(bar_offset(bar));
    if (bar == kRomBar && (value & kRomEnable) == 0) return {};
    const u64 address = value & ~(it.size - 1);
    const u64 last = address + it.size - 1;
    // The very end of the space is what sizing writes there, not an address.
    if (address == 0 || last >= (io ? 0xffffu : 0xffff'ffffu)) return {};
    return address;
}

// First all that go, then all that come: two may have changed places.
void PciFunction::update_bars() {
    std::array<BarAddress, kBars + 1> now;
    for (unsigned bar = 0; bar <= kRomBar; ++bar) {
        now[bar] = decode(bar);
        const BarAddress old = bars_[bar].address;
        if (!old || old == now[bar]) continue;
        bars_[bar].address.reset();
        if (bar_moved_) bar_moved_(bar, old, {});
    }
    for (unsigned bar = 0; bar <= kRomBar; ++bar) {
        if (!now[bar] || bars_[bar].address == now[bar]) continue;
        bars_[bar].address = now[bar];
        if (bar_moved_) bar_moved_(bar, {}, now[bar]);
    }
}

void PciFunction::reset_config() {
    config_ = defaults_;
    interrupt_.lower();
    update_bars();
}

void PciFunction::save_config(Writer& writer) const {
    writer.bytes(config_.data(), config_.size());
    writer.put(interrupt_.level());
}

// Every bit may be restored but those that tell what the function is.
void PciFunction::restore_config(Reader& reader) {
    std::array<u8, kConfigSize> saved{};
    reader.bytes(saved.data(), saved.size());
    for (unsigned i = 0; i < kRom + 4; ++i) {
        const bool changes = i >= kCommand && i < kRevision;
        if (!changes && ((saved[i] ^ defaults_[i]) & ~writable_[i]) != 0)
            reader.damaged("configuration space of another function");
    }
    config_ = saved;
    config_[kInterruptPin] = defaults_[kInterruptPin];
    interrupt_.restore(reader.get<bool>());
    update_bars();
}

void PciBus::attach(unsigned device, unsigned function, PciFunction& chip) {
    check(device < kDevices && function < kFunctions, "a place on the PCI bus");
    PciFunction*& place = functions_[device * kFunctions + function];
    check(place == nullptr, "a place on the PCI bus holds one function");
    place = &chip;
    chip.pci_interrupt().connect([this](bool) { update_interrupts(); });
}

PciFunction* PciBus::find(unsigned device, unsigned function) const {
    return functions_[device * kFunctions + function];
}

void PciBus::connect_reset_control(Device& chip, unsigned region) {
    reset_control_ = &chip;
    reset_region_ = region;
}

PciFunction* PciBus::addressed() const {
    if ((address_ & kEnable) == 0 || (address_ >> 16 & 0xff) != 0) return nullptr;
    return functions_[address_ >> 8 & 0xff];
}

unsigned PciBus::addressed_register(u64 offset) const {
    return (address_ & 0xfc) + (static_cast<unsigned>(offset) & 3);
}

u64 PciBus::read(unsigned region, u64 offset, Width width) {
    if (region == kData) {
        PciFunction* function = addressed();
        if (function == nullptr) return ones(width);  // master abort
        function->prepare_config_read(addressed_register(offset));
        return function->read_config(addressed_register(offset), width);
    }
    if (width == 4) return address_;
    if (offset == 1 && width == 1 && reset_control_ != nullptr)
        return reset_control_->read(reset_region_, 0, 1);
    return ones(width);
}

void PciBus::write(unsigned region, u64 offset, u64 value, Width width) {
    if (region == kData) {
        PciFunction* function = addressed();
        if (function == nullptr) return;
        function->write_config(addressed_register(offset), static_cast<u32>(value), width);
        // The write may have asserted or masked an interrupt.
        update_interrupts();
    } else if (width == 4) {
        address_ = static_cast<u32>(value) & kAddressBits;
    } else if (offset == 1 && width == 1 && reset_control_ != nullptr) {
        reset_control_->write(reset_region_, 0, value, 1);
    }
}

void PciBus::update_interrupts() {
    std::array<bool, kInterrupts> asserted{};
    for (unsigned i = 0; i < functions_.size(); ++i) {
        PciFunction* function = functions_[i];
        if (function == nullptr || function->interrupt_pin() == 0) continue;
        const bool disabled = (function->read_config(kCommand, 2) & kInterruptDisable) != 0;
        if (disabled || !function->pci_interrupt().level()) continue;
        const unsigned device = i / kFunctions;
        asserted[(function->interrupt_pin() - 1 + device + kInterrupts - 1) % kInterrupts] = true;
    }
    for (unsigned i = 0; i < kInterrupts; ++i) interrupts_[i].set(asserted[i]);
}

void PciBus::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(address_);
    for (const Line& line : interrupts_) writer.put(line.level());
    writer.end();
}

void PciBus::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    address_ = reader.get<u32>() & kAddressBits;
    for (Line& line : interrupts_) line.restore(reader.get<bool>());
    reader.end();
}

}  // namespace seventeen::devices
