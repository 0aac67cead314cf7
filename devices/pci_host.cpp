// The 82441FX's registers; only PAM and SMRAM do anything.
#include "devices/pci_host.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// Datasheet 3.2.
constexpr unsigned kPmcConfig = 0x50;
constexpr unsigned kDeturbo = 0x52;
constexpr unsigned kBufferControl = 0x53;
constexpr unsigned kAuxiliary = 0x54;
constexpr unsigned kRowType = 0x55;
constexpr unsigned kDramControl = 0x57;
constexpr unsigned kDramTiming = 0x58;
constexpr unsigned kFirstPam = 0x59;
constexpr unsigned kLastPam = 0x5f;
constexpr unsigned kRowBoundary = 0x60;
constexpr unsigned kRows = 8;
constexpr unsigned kHole = 0x68;
constexpr unsigned kMultiTransaction = 0x70;
constexpr unsigned kCpuLatency = 0x71;
constexpr unsigned kSmram = 0x72;
constexpr unsigned kErrorCommand = 0x90;

// One half of a PAM register.
constexpr u8 kReadEnable = 0x1;
constexpr u8 kWriteEnable = 0x2;
constexpr u8 kPamWritable = 0x33;
constexpr u8 kFirstPamWritable = 0x30;

// SMRAM.
constexpr u8 kOpen = 0x40;
constexpr u8 kClosed = 0x20;
constexpr u8 kLock = 0x10;
constexpr u8 kEnabled = 0x08;
constexpr u8 kBaseSegment = 0x02;  // a0000h, the only one

constexpr u32 kPamHalf = 0x4000;

}  // namespace

PciHost::PciHost()
    : PciFunction({.vendor = 0x8086, .device = 0x1237, .class_code = 0x060000, .revision = 2}) {
    define(0x04, 2, 0x0006, 0x0140);
    define(0x06, 2, 0x0280, 0);
    define(kPmcConfig, 2, 0, 0xffff);
    define(kDeturbo, 1, 0, 0xff);
    define(kBufferControl, 1, 0x80, 0xff);
    define(kAuxiliary, 1, 0, 0xff);
    define(kRowType, 2, 0, 0xffff);
    define(kDramControl, 1, 0x01, 0xff);
    define(kDramTiming, 1, 0, 0xff);
    define(kFirstPam, 1, 0, kFirstPamWritable);
    for (unsigned pam = kFirstPam + 1; pam <= kLastPam; ++pam) define(pam, 1, 0, kPamWritable);
    for (unsigned row = 0; row < kRows; ++row) define(kRowBoundary + row, 1, 0x01, 0xff);
    define(kHole, 1, 0, 0xff);
    define(kMultiTransaction, 1, 0, 0xff);
    define(kCpuLatency, 1, 0x10, 0xff);
    define(kSmram, 1, kBaseSegment, kOpen | kClosed | kLock | kEnabled);
    define(kErrorCommand, 1, 0, 0xff);
}

void PciHost::config_written(unsigned offset, u8 old) {
    if (offset >= kFirstPam && offset <= kLastPam) tell_pam(offset, old ^ config(offset));
    if (offset == kSmram) write_smram(old);
}

// A set lock shuts D_OPEN for good, and with it every bit but D_CLS (datasheet 3.2.20).
void PciHost::write_smram(u8 old) {
    u8 value = config(kSmram);
    if ((old & kLock) != 0) value = static_cast<u8>((old & ~kClosed) | (value & kClosed));
    if ((value & kLock) != 0) value &= static_cast<u8>(~kOpen);
    set_config(kSmram, value);
    if (value != old) tell_smram();
}

// 59h holds f0000h–fffffh in its upper half; the others two pieces of 16 KiB each, from c0000h up.
void PciHost::tell_pam(unsigned offset, u8 changed) const {
    if (!pam_listener_) return;
    const bool segment_f = offset == kFirstPam;
    for (unsigned half = segment_f ? 1 : 0; half < 2; ++half) {
        if ((changed >> 4 * half & (kReadEnable | kWriteEnable)) == 0) continue;
        const u32 bits = config(offset) >> 4 * half;
        PamRange range{{0xf0000}, 0x10000, (bits & kReadEnable) != 0, (bits & kWriteEnable) != 0};
        if (!segment_f) {
            range.first.value = 0xc0000 + (2 * (offset - kFirstPam - 1) + half) * kPamHalf;
            range.size = kPamHalf;
        }
        pam_listener_(range);
    }
}

void PciHost::tell_smram() const {
    if (!smram_listener_) return;
    const u8 value = config(kSmram);
    smram_listener_({(value & kEnabled) != 0, (value & kOpen) != 0, (value & kClosed) != 0});
}

void PciHost::tell_all() const {
    for (unsigned pam = kFirstPam; pam <= kLastPam; ++pam) tell_pam(pam, 0xff);
    tell_smram();
}

void PciHost::reset() {
    reset_config();
    tell_all();
}

void PciHost::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    writer.end();
}

void PciHost::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    reader.end();
    tell_all();
}

}  // namespace seventeen::devices
