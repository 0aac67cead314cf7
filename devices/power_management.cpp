// PM1, the PM timer, GPE0 and the APM ports (Intel 82371AB PIIX4 datasheet, 7.2; ACPI 4.8).
#include "devices/power_management.h"

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// Bytes of the block at PMBASE.
enum Offset : u64 {
    kStatusLow = 0x00,
    kStatusHigh = 0x01,
    kEnableLow = 0x02,
    kEnableHigh = 0x03,
    kControlLow = 0x04,
    kControlHigh = 0x05,
    kTimer = 0x08,  // .. 0B
};

constexpr u16 kTimerOverflow = 1 << 0;  // the same bits in status and enable
constexpr u16 kGlobal = 1 << 5;
constexpr u16 kPowerButton = 1 << 8;
constexpr u16 kRtc = 1 << 10;
constexpr u16 kWake = 1 << 15;  // status only
constexpr u16 kEnableMask = kTimerOverflow | kGlobal | kPowerButton | kRtc;

constexpr u16 kSciEnable = 1 << 0;
constexpr u8 kControlLowMask = 0x03;  // SCI_EN, BRLD_EN; GBL_RLS reads as zero
constexpr u8 kSleepTypeMask = 0x1c;   // of the control register's high byte
constexpr u8 kSleepEnable = 1 << 5;
constexpr u8 kSoftOff = 0 << 2;

constexpr u8 kAcpiEnable = 0xf1;  // as QEMU and SeaBIOS agree
constexpr u8 kAcpiDisable = 0xf0;

constexpr u64 kTimerHertz = 3'579'545;
constexpr u64 kSecond = 1'000'000'000;
constexpr u32 kTimerMask = 0xff'ffff;
constexpr u64 kHalfTurn = 1u << 23;  // TMROF_STS is set whenever bit 23 changes

__extension__ typedef unsigned __int128 Wide;

u8 byte_of(u64 value, u64 index) {
    return static_cast<u8>(value >> 8 * index);
}

u16 with_byte(u16 value, unsigned index, u8 byte) {
    const unsigned shift = 8 * index;
    return static_cast<u16>((value & ~(0xffu << shift)) | unsigned{byte} << shift);
}

u16 without(u16 value, unsigned index, u8 bits) {
    return static_cast<u16>(value & ~(unsigned{bits} << 8 * index));
}

}  // namespace

PowerManagement::PowerManagement(Scheduler& scheduler, Listener power_off)
    : scheduler_(scheduler),
      power_off_(std::move(power_off)),
      overflow_event_(scheduler.add_event("power management timer", [this] { update(); })) {
    reset();
}

// The timer itself runs on through a reset.
void PowerManagement::reset() {
    status_ = enable_ = control_ = 0;
    gpe_status_ = gpe_enable_ = 0;
    command_ = command_status_ = 0;
    command_smi_ = false;
    next_overflow_ = (timer() / kHalfTurn + 1) * kHalfTurn;
    update();
}

u64 PowerManagement::read(unsigned region, u64 offset, Width width) {
    u64 value = 0;
    for (Width i = 0; i < width; ++i) {
        const u64 at = offset + i;
        u8 byte = 0;
        switch (region) {
            case kPmRegisters: byte = read_pm(at); break;
            case kGpe0: byte = read_gpe(at); break;
            default: byte = at == 0 ? command_ : command_status_; break;
        }
        value |= u64{byte} << 8 * i;
    }
    return value;
}

void PowerManagement::write(unsigned region, u64 offset, u64 value, Width width) {
    note_overflow();
    for (Width i = 0; i < width; ++i) {
        const u64 at = offset + i;
        const u8 byte = byte_of(value, i);
        switch (region) {
            case kPmRegisters: write_pm(at, byte); break;
            case kGpe0: write_gpe(at, byte); break;
            default:
                if (at == 0)
                    write_command(byte);
                else
                    command_status_ = byte;
                break;
        }
    }
    update();
}

u8 PowerManagement::read_pm(u64 offset) {
    switch (offset) {
        case kStatusLow:
        case kStatusHigh: note_overflow(); return byte_of(status_, offset - kStatusLow);
        case kEnableLow:
        case kEnableHigh: return byte_of(enable_, offset - kEnableLow);
        case kControlLow:
        case kControlHigh: return byte_of(control_, offset - kControlLow);
        case kTimer:
        case kTimer + 1:
        case kTimer + 2: return byte_of(timer() & kTimerMask, offset - kTimer);
        default: return 0;
    }
}

void PowerManagement::write_pm(u64 offset, u8 value) {
    switch (offset) {
        case kStatusLow:
        case kStatusHigh:
            status_ = without(status_, static_cast<unsigned>(offset - kStatusLow), value);
            break;
        case kEnableLow:
        case kEnableHigh:
            enable_ =
                with_byte(enable_, static_cast<unsigned>(offset - kEnableLow), value) & kEnableMask;
            break;
        case kControlLow: control_ = with_byte(control_, 0, value & kControlLowMask); break;
        case kControlHigh: write_control_high(value); break;
        default: break;
    }
}

// SLP_EN reads as zero. There is no suspending: every state but soft off is left at once, which
// the guest sees from the wake status it waits for.
void PowerManagement::write_control_high(u8 value) {
    control_ = with_byte(control_, 1, value & kSleepTypeMask);
    if (!(value & kSleepEnable)) return;
    if ((value & kSleepTypeMask) == kSoftOff)
        power_off_();
    else
        status_ |= kWake;
}

// Two bytes of status, cleared by ones, and two of enables.
u8 PowerManagement::read_gpe(u64 offset) const {
    return offset < 2 ? byte_of(gpe_status_, offset) : byte_of(gpe_enable_, offset - 2);
}

void PowerManagement::write_gpe(u64 offset, u8 value) {
    if (offset < 2)
        gpe_status_ = without(gpe_status_, static_cast<unsigned>(offset), value);
    else if (offset < 4)
        gpe_enable_ = with_byte(gpe_enable_, static_cast<unsigned>(offset - 2), value);
}

// What firmware does in system management mode, the chip does itself, as QEMU's.
void PowerManagement::write_command(u8 value) {
    command_ = value;
    if (value == kAcpiEnable) control_ |= kSciEnable;
    if (value == kAcpiDisable) control_ &= static_cast<u16>(~kSciEnable);
    if (command_smi_) smi_.pulse();
}

u64 PowerManagement::timer() const {
    return static_cast<u64>(Wide{scheduler_.now()} * kTimerHertz / kSecond);
}

void PowerManagement::note_overflow() {
    const u64 clocks = timer();
    if (clocks < next_overflow_) return;
    status_ |= kTimerOverflow;
    next_overflow_ = (clocks / kHalfTurn + 1) * kHalfTurn;
}

bool PowerManagement::sci_wanted() const {
    return (control_ & kSciEnable) &&
           ((status_ & enable_) != 0 || (gpe_status_ & gpe_enable_) != 0);
}

void PowerManagement::update() {
    note_overflow();
    sci_.set(sci_wanted());
    const bool awaited =
        (control_ & kSciEnable) && (enable_ & kTimerOverflow) && !(status_ & kTimerOverflow);
    if (!awaited) return scheduler_.cancel(overflow_event_);
    const Wide nanoseconds = (Wide{next_overflow_} * kSecond + kTimerHertz - 1) / kTimerHertz;
    scheduler_.schedule_at(overflow_event_, static_cast<u64>(nanoseconds));
}

void PowerManagement::press_power_button() {
    status_ |= kPowerButton;
    update();
}

void PowerManagement::rtc_alarm() {
    status_ |= kRtc;
    update();
}

void PowerManagement::raise_gpe(unsigned bit) {
    check(bit < 16, "GPE0 has sixteen bits");
    gpe_status_ = static_cast<u16>(gpe_status_ | 1u << bit);
    update();
}

void PowerManagement::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.put(next_overflow_);
    for (const u16 value : {status_, enable_, control_, gpe_status_, gpe_enable_})
        writer.put(value);
    writer.put(command_);
    writer.put(command_status_);
    writer.put(command_smi_);
    writer.end();
}

void PowerManagement::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.get(next_overflow_);
    for (u16* value : {&status_, &enable_, &control_, &gpe_status_, &gpe_enable_})
        reader.get(*value);
    reader.get(command_);
    reader.get(command_status_);
    reader.get(command_smi_);
    reader.end();
    sci_.restore(sci_wanted());
}

}  // namespace seventeen::devices
