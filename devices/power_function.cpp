// The configuration space of the PIIX4's power management.
#include "devices/power_function.h"

#include <utility>

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

constexpr unsigned kPmBase = 0x40;  // 7.1.11
constexpr unsigned kDeviceActivityB = 0x58;
constexpr unsigned kPmMisc = 0x80;  // 7.1.25
constexpr unsigned kSmbBase = 0x90;
constexpr unsigned kSmbHostConfig = 0xd2;
constexpr u32 kApmEnable = 1u << 25;  // of DEVACTB: a write to B2h is an SMI
constexpr u32 kIoSpace = 1;
constexpr u8 kPmEnable = 1;
constexpr u32 kPmBaseMask = 0xffc0;

}  // namespace

// APMC_EN stands from the start, as it does where firmware in SMM has set it: there is no SMM here,
// and firmware that finds the bit set does not try to install its handler.
PowerFunction::PowerFunction(PowerManagement& registers)
    : PciFunction({.vendor = 0x8086,
                   .device = 0x7113,
                   .class_code = 0x068000,  // other bridge
                   .revision = 3,
                   .interrupt_pin = 1}),
      registers_(registers) {
    define(0x06, 2, 0x0280, 0);
    define(kPmBase, 4, kIoSpace, kPmBaseMask);
    define(kDeviceActivityB, 4, kApmEnable, 0xffffffff);
    for (unsigned offset = 0x44; offset < kDeviceActivityB; offset += 4)
        define(offset, 4, 0, 0xffffffff);
    for (unsigned offset = 0x5c; offset < kPmMisc; offset += 4) define(offset, 4, 0, 0xffffffff);
    define(kPmMisc, 1, 0, kPmEnable);
    define(kSmbBase, 4, kIoSpace, 0xfff0);
    define(kSmbHostConfig, 1, 0, 0x0f);
    reset();
}

void PowerFunction::on_moved(std::function<void(BarAddress now)> listener) {
    moved_ = std::move(listener);
}

void PowerFunction::reset() {
    reset_config();
    update();
}

void PowerFunction::config_written(unsigned, u8) {
    update();
}

void PowerFunction::update() {
    registers_.enable_command_smi((read_config(kDeviceActivityB, 4) & kApmEnable) != 0);
    BarAddress now;
    const u32 base = read_config(kPmBase, 4) & kPmBaseMask;
    if ((config(kPmMisc) & kPmEnable) != 0 && base != 0) now = base;
    if (now == address_) return;
    address_ = now;
    moved_(now);
}

void PowerFunction::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    writer.end();
}

void PowerFunction::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    reader.end();
    update();
}

}  // namespace seventeen::devices
