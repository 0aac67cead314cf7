// The PIIX3's interrupt routing and reset control.
#include "devices/isa_bridge.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// PIRQRC[A:D].
constexpr unsigned kRoute = 0x60;
constexpr u8 kRouteDisable = 0x80;
constexpr u8 kRouteIrq = 0x0f;
// IRQ 0, 1, 2, 8 and 13 are reserved (datasheet, "PIRQRC[A:D]") and route nowhere.
constexpr u16 kRoutable = 0xdef8;

// RC.
constexpr u8 kSystemReset = 0x02;
constexpr u8 kResetCpu = 0x04;

// Of the rest of the configuration space: the value after reset and what can be written.
struct Register {
    u8 offset;
    u8 value;
    u8 writable;
};
constexpr Register kRegisters[] = {
    {0x4c, 0x4d, 0xff},                                          // ISA I/O recovery timer
    {0x4e, 0x03, 0xff}, {0x4f, 0x00, 0x01},                      // X-bus chip selects
    {0x69, 0x02, 0xfe},                                          // top of memory
    {0x6a, 0x00, 0xff}, {0x6b, 0x00, 0x80},                      // miscellaneous status
    {0x70, 0x80, 0xef},                                          // motherboard IRQ 0
    {0x76, 0x0c, 0x8f}, {0x77, 0x0c, 0x8f},                      // motherboard DMA
    {0x78, 0x02, 0xff}, {0x79, 0x00, 0xff},                      // programmable chip select
    {0x80, 0x00, 0x7f},                                          // APIC base address
    {0x82, 0x00, 0x0f},                                          // deterministic latency
    {0xa0, 0x08, 0x1f}, {0xa2, 0x00, 0xff}, {0xa3, 0x00, 0x01},  // SMI control and enable
    {0xa4, 0x00, 0xff}, {0xa5, 0x00, 0xff}, {0xa6, 0x00, 0xff}, {0xa7, 0x00, 0xe0},  // events
    {0xa8, 0x0f, 0xff},                                                              // fast off
    {0xaa, 0x00, 0xff}, {0xab, 0x00, 0x01},                                          // SMI request
    {0xac, 0x00, 0xff}, {0xae, 0x00, 0xff},                                          // clock scale
};

}  // namespace

IsaBridge::IsaBridge()
    : PciFunction(
          {.vendor = 0x8086, .device = 0x7000, .class_code = 0x060100, .header_type = 0x80}) {
    define(0x04, 2, 0x0007, 0x0008);
    define(0x06, 2, 0x0200, 0);
    for (unsigned pirq = 0; pirq < kPirqs; ++pirq)
        define(kRoute + pirq, 1, kRouteDisable, kRouteDisable | kRouteIrq);
    for (const Register& it : kRegisters) define(it.offset, 1, it.value, it.writable);
}

void IsaBridge::set_pirq(unsigned pirq, bool level) {
    const u8 bit = static_cast<u8>(1u << pirq);
    pirqs_ = static_cast<u8>(level ? pirqs_ | bit : pirqs_ & ~bit);
    update();
}

void IsaBridge::set_isa_irq(unsigned irq, bool level) {
    const u16 bit = static_cast<u16>(1u << irq);
    isa_irqs_ = static_cast<u16>(level ? isa_irqs_ | bit : isa_irqs_ & ~bit);
    update();
}

void IsaBridge::update() {
    u32 levels = isa_irqs_;
    for (unsigned pirq = 0; pirq < kPirqs; ++pirq) {
        const u8 route = config(kRoute + pirq);
        if ((pirqs_ >> pirq & 1) == 0 || (route & kRouteDisable) != 0) continue;
        levels |= (1u << (route & kRouteIrq)) & kRoutable;
    }
    for (unsigned irq = 0; irq < kIrqs; ++irq) interrupts_[irq].set((levels >> irq & 1) != 0);
}

void IsaBridge::config_written(unsigned offset, u8) {
    if (offset >= kRoute && offset < kRoute + kPirqs) update();
}

u64 IsaBridge::read(unsigned, u64, Width) {
    return reset_control_;
}

// RCPU cannot be read as 1: each write of it is its rise.
void IsaBridge::write(unsigned, u64, u64 value, Width) {
    reset_control_ = static_cast<u8>(value) & kSystemReset;
    if ((value & kResetCpu) == 0) return;
    if (reset_control_ != 0)
        hard_reset_.pulse();
    else
        soft_reset_.pulse();
}

// The inputs belong to those that drive them, who are reset too.
void IsaBridge::reset() {
    reset_config();
    reset_control_ = 0;
    update();
}

void IsaBridge::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    writer.put(isa_irqs_);
    writer.put(pirqs_);
    writer.put(reset_control_);
    for (const Line& line : interrupts_) writer.put(line.level());
    writer.end();
}

void IsaBridge::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    isa_irqs_ = reader.get<u16>();
    pirqs_ = reader.get<u8>();
    if (pirqs_ >> kPirqs != 0) reader.damaged("more than four PCI interrupts");
    reset_control_ = reader.get<u8>() & kSystemReset;
    for (Line& line : interrupts_) line.restore(reader.get<bool>());
    reader.end();
}

}  // namespace seventeen::devices
