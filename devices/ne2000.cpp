// The NE2000's ports and local bus, and the registers that the RTL8029AS adds.
#include "devices/ne2000.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// Ports; each is repeated throughout its range.
constexpr u64 kDataPort = 0x10;
constexpr u64 kResetPort = 0x18;

// The chip's own bus; address line 15 is not wired.
constexpr u16 kLocalDecoded = 0x7fff;
constexpr u16 kMemoryStart = 0x4000;

// The PROM: the address, and from here on the mark of a card with a 16-bit data port.
constexpr std::size_t kMarkAt = 14;
constexpr u8 kMark = 0x57;

constexpr PciIdentity kRtl8029 = {
    .vendor = 0x10ec, .device = 0x8029, .class_code = 0x02'0000, .interrupt_pin = 1};

// RTL8029AS datasheet: identification in page 0, configuration in page 3.
constexpr unsigned kId0 = 0x0a;
constexpr unsigned kId1 = 0x0b;
constexpr u8 kId0Value = 0x50;  // 'P'
constexpr u8 kId1Value = 0x43;  // 'C'
constexpr unsigned kConfigPage = 3;
constexpr unsigned kEepromCommand = 0x01;  // 9346CR
constexpr unsigned kConfig0 = 0x03;
constexpr unsigned kConfig2 = 0x05;
constexpr unsigned kConfig3 = 0x06;
constexpr unsigned kAsicId0 = 0x0e;
constexpr unsigned kAsicId1 = 0x0f;
constexpr u8 kConfigWritable = 0xc0;  // 9346CR's EEM1 and EEM0
constexpr u8 kConfig2Media = 0xc0;
constexpr u8 kConfig2Default = 0x40;  // 10BASE-T without a link test: what QEMU's card says
constexpr u8 kConfig3Default = 0x40;
constexpr u8 kConfig3Bits = 0x46;  // full duplex, sleep, power down

}  // namespace

// A word-wide card doubles every byte of its PROM: the chip reads it 16 bits at a time.
Ne2000Card::Ne2000Card(const StationAddress& address) : chip_(*this) {
    for (std::size_t i = 0; i < kPromSize; ++i) {
        const std::size_t at = i / 2;
        if (at < address.size()) prom_[i] = address[at];
        if (at >= kMarkAt) prom_[i] = kMark;
    }
}

u8 Ne2000Card::read_local(u16 address) const {
    address &= kLocalDecoded;
    if (address < kPromSize) return prom_[address];
    return address >= kMemoryStart ? memory_[address - kMemoryStart] : 0xff;
}

void Ne2000Card::write_local(u16 address, u8 value) {
    address &= kLocalDecoded;
    if (address >= kMemoryStart) memory_[address - kMemoryStart] = value;
}

// The chip moves what DCR says, bytes or words, as often as the access has need of; a byte of a
// word is its lower one.
u64 Ne2000Card::read_data(Width width) {
    u64 value = 0;
    const Width unit = chip_.word_wide() ? 2 : 1;
    for (Width done = 0; done < width; done += unit) value |= u64{chip_.remote_read()} << 8 * done;
    return value & ~u64{0} >> (64 - 8 * width);
}

void Ne2000Card::write_data(u64 value, Width width) {
    const Width unit = chip_.word_wide() ? 2 : 1;
    for (Width done = 0; done < width; done += unit)
        chip_.remote_write(static_cast<u16>(value >> 8 * done));
}

// Reading the reset port resets the chip; drivers then write it, to end the reset.
u64 Ne2000Card::read_ports(u64 offset, Width width) {
    if (offset >= kResetPort) {
        chip_.reset();
        return 0;
    }
    if (offset >= kDataPort) return read_data(width);
    u64 value = 0;
    for (Width i = 0; i < width; ++i)
        value |= u64{read_register(static_cast<unsigned>(offset + i) % Dp8390::kRegisters)}
                 << 8 * i;
    return value;
}

void Ne2000Card::write_ports(u64 offset, u64 value, Width width) {
    if (offset >= kResetPort) return;
    if (offset >= kDataPort) {
        write_data(value, width);
        return;
    }
    for (Width i = 0; i < width; ++i)
        write_register(static_cast<unsigned>(offset + i) % Dp8390::kRegisters,
                       static_cast<u8>(value >> 8 * i));
}

void Ne2000Card::save_card(Writer& writer) const {
    chip_.save(writer);
    writer.bytes(prom_.data(), prom_.size());
    writer.bytes(memory_.data(), memory_.size());
}

void Ne2000Card::restore_card(Reader& reader) {
    chip_.restore(reader);
    reader.bytes(prom_.data(), prom_.size());
    reader.bytes(memory_.data(), memory_.size());
}

u64 Ne2000::read(unsigned, u64 offset, Width width) {
    return read_ports(offset, width);
}

void Ne2000::write(unsigned, u64 offset, u64 value, Width width) {
    write_ports(offset, value, width);
}

void Ne2000::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_card(writer);
    writer.end();
}

void Ne2000::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_card(reader);
    reader.end();
}

Rtl8029::Rtl8029(const StationAddress& address) : PciFunction(kRtl8029), Ne2000Card(address) {
    add_bar(kBar, PciSpace::kIo, kPorts);
    chip().interrupt().connect([this](bool level) { pci_interrupt().set(level); });
    reset();
}

u64 Rtl8029::read(unsigned, u64 offset, Width width) {
    return read_ports(offset, width);
}

void Rtl8029::write(unsigned, u64 offset, u64 value, Width width) {
    write_ports(offset, value, width);
}

void Rtl8029::reset() {
    chip().reset();
    reset_config();
    eeprom_command_ = 0;
    config2_ = kConfig2Default;
    config3_ = kConfig3Default;
}

u8 Rtl8029::read_register(unsigned offset) {
    if (chip().page() == 0 && offset == kId0) return kId0Value;
    if (chip().page() == 0 && offset == kId1) return kId1Value;
    if (chip().page() != kConfigPage) return chip().read(offset);
    switch (offset) {
        case kEepromCommand: return eeprom_command_;
        case kConfig0: return 0;
        case kConfig2: return config2_;
        case kConfig3: return config3_;
        case kAsicId0: return 0x29;
        case kAsicId1: return 0x80;
        default: return chip().read(offset);
    }
}

void Rtl8029::write_register(unsigned offset, u8 value) {
    if (chip().page() == kConfigPage) {
        const bool writable = (eeprom_command_ & kConfigWritable) == kConfigWritable;
        if (offset == kEepromCommand) eeprom_command_ = value;
        if (offset == kConfig2 && writable) config2_ = value & kConfig2Media;
        if (offset == kConfig3 && writable) config3_ = value & kConfig3Bits;
    }
    chip().write(offset, value);
}

void Rtl8029::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    save_card(writer);
    writer.put(eeprom_command_);
    writer.put(config2_);
    writer.put(config3_);
    writer.end();
}

void Rtl8029::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    restore_card(reader);
    reader.get(eeprom_command_);
    reader.get(config2_);
    reader.get(config3_);
    reader.end();
}

}  // namespace seventeen::devices
