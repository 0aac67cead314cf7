// The MC146818's registers, calendar, update cycle and three interrupts.
#include "devices/real_time_clock.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

enum Register : u8 {
    kSeconds,
    kSecondsAlarm,
    kMinutes,
    kMinutesAlarm,
    kHours,
    kHoursAlarm,
    kWeekday,  // 1 is Sunday
    kDay,
    kMonth,
    kYear,
    kA,
    kB,
    kC,
    kD,
    kCentury = 0x32,     // the PC's, in plain RAM before
    kCenturyPs2 = 0x37,  // where IBM's PS/2 had it: the same byte, as in QEMU
};

// Register A.
constexpr u8 kUpdateInProgress = 0x80;  // UIP
constexpr u8 kDividerReset = 0x60;      // DV2 and DV1: the divider is held
constexpr u8 kRateSelect = 0x0f;        // RS
// Register B.
constexpr u8 kSet = 0x80;
constexpr u8 kPeriodicEnable = 0x40;
constexpr u8 kAlarmEnable = 0x20;
constexpr u8 kUpdateEnable = 0x10;
constexpr u8 kSquareWaveEnable = 0x08;
constexpr u8 kBinary = 0x04;  // DM
constexpr u8 k24Hours = 0x02;
// Bit 0, daylight saving, is stored only: operating systems shift the hour themselves.
// Register C; the flags stand where register B has their enables.
constexpr u8 kInterruptRequest = 0x80;  // IRQF
constexpr u8 kPeriodicFlag = 0x40;
constexpr u8 kAlarmFlag = 0x20;
constexpr u8 kUpdateFlag = 0x10;
constexpr u8 kFlags = kPeriodicFlag | kAlarmFlag | kUpdateFlag;
// Register D.
constexpr u8 kValid = 0x80;  // VRT: the battery is good

constexpr u8 kAfternoon = 0x80;  // in an hour of twelve
constexpr u8 kAnyAlarm = 0xc0;   // an alarm byte with both bits set matches everything
constexpr u8 kNmiMasked = 0x80;  // in the index register
constexpr u8 kWriteOnly = 0xff;  // what the index register reads as

constexpr s64 kSecond = 1'000'000'000;
constexpr s64 kHalfSecond = kSecond / 2;
// "UIP": 244 us before an update cycle of 1984 us, at whose end the calendar has changed.
constexpr s64 kUpdateWarning = 244'000 + 1'984'000;
constexpr s64 kCrystal = 32'768;
constexpr s64 kMinuteSeconds = 60;
constexpr s64 kHourSeconds = 3600;
constexpr s64 kDaySeconds = 86'400;
constexpr s64 kNever = std::numeric_limits<s64>::max();

bool is_time(u8 index) {
    const bool alarm = index == kSecondsAlarm || index == kMinutesAlarm || index == kHoursAlarm;
    return (index <= kYear && !alarm) || index == kCentury;
}

// Rounded down, for times before the origin too.
constexpr s64 divide(s64 value, s64 by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

// Cycles of the crystal between two times, exactly.
s64 cycles(s64 nanoseconds) {
    const s64 seconds = divide(nanoseconds, kSecond);
    return seconds * kCrystal + (nanoseconds - seconds * kSecond) * kCrystal / kSecond;
}

// The first nanosecond of a cycle.
s64 time_of_cycle(s64 cycle) {
    const s64 seconds = divide(cycle, kCrystal);
    return seconds * kSecond + ((cycle - seconds * kCrystal) * kSecond + kCrystal - 1) / kCrystal;
}

}  // namespace

RealTimeClock::RealTimeClock(Scheduler& scheduler, s64 epoch)
    : scheduler_(scheduler),
      alarm_(scheduler.add_event("real-time clock", [this] { update(); })),
      seconds_(epoch) {
    constexpr u8 kUsualRate = 0x26;  // 32.768 kHz, periodic 1024 Hz: what firmware sets
    cmos_[kA] = kUsualRate;
    cmos_[kB] = k24Hours;
    cmos_[kD] = kValid;
    calendar_to_registers();
}

u8 RealTimeClock::memory(unsigned index) const {
    check(index < kBytes, "there are 128 bytes of CMOS RAM");
    return cmos_[index];
}

void RealTimeClock::set_memory(unsigned index, u8 value) {
    check(index > kD && index < kBytes, "the CMOS RAM lies behind the clock's registers");
    cmos_[index] = value;
}

u64 RealTimeClock::read(unsigned, u64 offset, Width) {
    return offset == 0 ? kWriteOnly : read_register(index_);
}

void RealTimeClock::write(unsigned, u64 offset, u64 value, Width) {
    const u8 byte = static_cast<u8>(value);
    if (offset == 0) {
        index_ = byte % kBytes;
        if (index_ == kCenturyPs2) index_ = kCentury;
        nmi_mask_.set((byte & kNmiMasked) != 0);
    } else {
        write_register(index_, byte);
    }
}

u8 RealTimeClock::read_register(u8 index) {
    if (is_time(index) && running()) calendar_to_registers();
    if (index == kA) return cmos_[kA] | update_in_progress();
    if (index != kC) return cmos_[index];
    update();
    const u8 flags = cmos_[kC];
    cmos_[kC] = 0;  // "cleared by reading"
    update();
    return flags;
}

void RealTimeClock::write_register(u8 index, u8 value) {
    gather();  // what has happened until now, under the old settings
    if (is_time(index))
        write_time(index, value);
    else if (index == kA)
        write_a(value);
    else if (index == kB)
        write_b(value);
    else if (index != kC && index != kD)
        cmos_[index] = value;
    update();
}

// "The first update cycle is one-half second later" than the end of a divider reset.
void RealTimeClock::write_a(u8 value) {
    const bool held = !divider_runs();
    stop();
    cmos_[kA] = value & static_cast<u8>(~kUpdateInProgress);
    if (held && divider_runs()) {
        origin_ = now() - kHalfSecond;
        gathered_ = now();
    }
    start();
}

void RealTimeClock::write_b(u8 value) {
    stop();
    cmos_[kB] = value;
    if (value & kSet) cmos_[kB] &= static_cast<u8>(~kUpdateEnable);  // "SET … clears UIE"
    start();
}

void RealTimeClock::write_time(u8 index, u8 value) {
    stop();
    cmos_[index] = value;
    start();
}

// Puts the calendar into the registers, where it stays if the clock is to stop.
void RealTimeClock::stop() {
    if (running()) calendar_to_registers();
}

// Takes the calendar from the registers; the divider has kept its phase.
void RealTimeClock::start() {
    if (!running()) return;
    origin_ += divide(now() - origin_, kSecond) * kSecond;
    seconds_ = registers_to_seconds();
    const s64 weekday = (divide(seconds_, kDaySeconds) % 7 + 4 + 7) % 7;  // 1970 began on day 4
    weekday_shift_ = static_cast<u8>((decode(cmos_[kWeekday]) + 6 + 7 - weekday) % 7);
}

bool RealTimeClock::divider_runs() const {
    return (cmos_[kA] & kDividerReset) != kDividerReset;
}

bool RealTimeClock::running() const {
    return divider_runs() && (cmos_[kB] & kSet) == 0;
}

u8 RealTimeClock::update_in_progress() const {
    const s64 phase = now() - origin_ - divide(now() - origin_, kSecond) * kSecond;
    return running() && phase >= kSecond - kUpdateWarning ? kUpdateInProgress : u8{0};
}

u8 RealTimeClock::encode(unsigned value) const {
    return static_cast<u8>((cmos_[kB] & kBinary) ? value : value / 10 << 4 | value % 10);
}

unsigned RealTimeClock::decode(u8 byte) const {
    return (cmos_[kB] & kBinary) ? byte : (byte >> 4) * 10u + (byte & 15u);
}

u8 RealTimeClock::encode_hour(unsigned hour) const {
    if (cmos_[kB] & k24Hours) return encode(hour);
    const unsigned of_twelve = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<u8>(encode(of_twelve) | (hour >= 12 ? kAfternoon : 0));
}

unsigned RealTimeClock::decode_hour(u8 byte) const {
    if (cmos_[kB] & k24Hours) return decode(byte);
    const unsigned of_twelve = decode(byte & static_cast<u8>(~kAfternoon)) % 12;
    return of_twelve + ((byte & kAfternoon) ? 12 : 0);
}

void RealTimeClock::calendar_to_registers() {
    const s64 seconds = seconds_ + divide(now() - origin_, kSecond);
    const std::chrono::sys_days day{std::chrono::days{divide(seconds, kDaySeconds)}};
    const std::chrono::year_month_day date{day};
    const unsigned second = static_cast<unsigned>(second_of_day(now()));
    const unsigned year = static_cast<unsigned>(std::max(0, static_cast<int>(date.year())));
    const unsigned weekday = std::chrono::weekday{day}.c_encoding() + weekday_shift_;
    cmos_[kSeconds] = encode(second % 60);
    cmos_[kMinutes] = encode(second / 60 % 60);
    cmos_[kHours] = encode_hour(second / 3600);
    cmos_[kWeekday] = encode(weekday % 7 + 1);
    cmos_[kDay] = encode(static_cast<unsigned>(date.day()));
    cmos_[kMonth] = encode(static_cast<unsigned>(date.month()));
    cmos_[kYear] = encode(year % 100);
    cmos_[kCentury] = encode(year / 100 % 100);
}

// Values that no calendar has carry over: the 31st of April is the 1st of May.
s64 RealTimeClock::registers_to_seconds() const {
    const int year = static_cast<int>(decode(cmos_[kCentury]) * 100 + decode(cmos_[kYear]));
    const unsigned month = std::clamp(decode(cmos_[kMonth]), 1u, 12u);
    const std::chrono::sys_days first{std::chrono::year_month_day{
        std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{1}}};
    const s64 days = first.time_since_epoch().count() + s64{decode(cmos_[kDay])} - 1;
    return days * kDaySeconds + decode_hour(cmos_[kHours]) * kHourSeconds +
           decode(cmos_[kMinutes]) * kMinuteSeconds + decode(cmos_[kSeconds]);
}

// 2^(RS - 1) cycles of the crystal; the two shortest are those of RS = 8 and 9. 0: none.
RealTimeClock::Time RealTimeClock::period() const {
    const unsigned select = cmos_[kA] & kRateSelect;
    if (select == 0) return 0;
    return s64{1} << ((select <= 2 ? select + 7 : select) - 1);
}

s64 RealTimeClock::second_of_day(Time at) const {
    const s64 seconds = seconds_ + divide(at - origin_, kSecond);
    return seconds - divide(seconds, kDaySeconds) * kDaySeconds;
}

// From a second of the day to the next one that the alarm bytes match; kNever where none does.
s64 RealTimeClock::seconds_to_alarm(s64 from) const {
    const auto matches = [this](u8 index, u8 value) {
        return cmos_[index] >= kAnyAlarm || cmos_[index] == value;
    };
    for (s64 at = from + 1; at <= from + kDaySeconds;) {
        const unsigned second = static_cast<unsigned>(at % kDaySeconds);
        if (!matches(kHoursAlarm, encode_hour(second / 3600)))
            at += kHourSeconds - second % kHourSeconds;
        else if (!matches(kMinutesAlarm, encode(second / 60 % 60)))
            at += kMinuteSeconds - second % kMinuteSeconds;
        else if (!matches(kSecondsAlarm, encode(second % 60)))
            ++at;
        else
            return at - from;
    }
    return kNever;
}

// Register C learns what has happened since it was last looked at.
void RealTimeClock::gather() {
    const Time from = gathered_;
    gathered_ = now();
    if (!divider_runs()) return;
    const s64 rate = period();
    if (rate != 0 &&
        divide(cycles(from - origin_), rate) != divide(cycles(gathered_ - origin_), rate))
        cmos_[kC] |= kPeriodicFlag;
    if (!running()) return;
    const s64 updates = divide(gathered_ - origin_, kSecond) - divide(from - origin_, kSecond);
    if (updates > 0) cmos_[kC] |= kUpdateFlag;
    if (updates > 0 && seconds_to_alarm(second_of_day(from)) <= updates) cmos_[kC] |= kAlarmFlag;
}

// When the next flag that may interrupt rises; kNever where none will.
RealTimeClock::Time RealTimeClock::next_flag() const {
    Time next = kNever;
    const u8 wanted = cmos_[kB] & static_cast<u8>(~cmos_[kC]);
    const Time passed = now() - origin_;
    const s64 rate = period();
    if ((wanted & kPeriodicFlag) && divider_runs() && rate != 0)
        next = origin_ + time_of_cycle((divide(cycles(passed), rate) + 1) * rate);
    if (!running()) return next;
    const Time second = origin_ + divide(passed, kSecond) * kSecond;
    if (wanted & kUpdateFlag) next = std::min(next, second + kSecond);
    if (wanted & kAlarmFlag) {
        const s64 seconds = seconds_to_alarm(second_of_day(now()));
        if (seconds != kNever) next = std::min(next, second + seconds * kSecond);
    }
    return next;
}

// IRQ follows the flags that are enabled; while it is high no further event could be seen.
void RealTimeClock::update() {
    gather();
    const bool request = (cmos_[kC] & cmos_[kB] & kFlags) != 0;
    cmos_[kC] = static_cast<u8>((cmos_[kC] & kFlags) | (request ? kInterruptRequest : 0));
    const Time next = request ? kNever : next_flag();
    scheduler_.schedule_at(alarm_, next == kNever ? Scheduler::kNever : static_cast<u64>(next));
    interrupt_.set(request);
}

// The RESET pin leaves calendar and memory alone (datasheet, "RESET").
void RealTimeClock::reset() {
    gather();
    cmos_[kB] &=
        static_cast<u8>(~(kPeriodicEnable | kAlarmEnable | kUpdateEnable | kSquareWaveEnable));
    cmos_[kC] = 0;
    nmi_mask_.lower();
    update();
}

void RealTimeClock::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.bytes(cmos_.data(), cmos_.size());
    writer.put(index_);
    writer.put(seconds_);
    writer.put(origin_);
    writer.put(gathered_);
    writer.put(weekday_shift_);
    writer.put(interrupt_.level());
    writer.put(nmi_mask_.level());
    writer.end();
}

void RealTimeClock::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.bytes(cmos_.data(), cmos_.size());
    reader.get(index_);
    reader.get(seconds_);
    reader.get(origin_);
    reader.get(gathered_);
    reader.get(weekday_shift_);
    interrupt_.restore(reader.get<bool>());
    nmi_mask_.restore(reader.get<bool>());
    // Years 0 to 30000, so that no arithmetic can overflow.
    constexpr s64 kMostSeconds = 30'000 * 366 * kDaySeconds;
    if (index_ >= kBytes) reader.damaged("the index is out of range");
    if (seconds_ < -kMostSeconds || seconds_ > kMostSeconds) reader.damaged("the date is absurd");
    if (origin_ < -kSecond || gathered_ < -kSecond || origin_ > kNever / 2 ||
        gathered_ > kNever / 2)
        reader.damaged("its time is out of range");
    if (weekday_shift_ > 6) reader.damaged("a week has seven days");
    reader.end();
}

}  // namespace seventeen::devices
