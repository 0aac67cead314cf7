// The mouse's commands and packets (IBM PS/2 Technical Reference, Mouse; Microsoft IntelliMouse).
#include "devices/mouse.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr std::string_view kSection = "mouse";

enum Command : u8 {
    kScalingNormal = 0xe6,
    kScalingDouble = 0xe7,
    kSetResolution = 0xe8,
    kStatusRequest = 0xe9,
    kStreamMode = 0xea,
    kReadData = 0xeb,
    kResetWrap = 0xec,
    kWrapMode = 0xee,
    kRemoteMode = 0xf0,
    kReadId = 0xf2,
    kSetRate = 0xf3,
    kEnable = 0xf4,
    kDisable = 0xf5,
    kSetDefaults = 0xf6,
    kResendCommand = 0xfe,
    kReset = 0xff,
};

constexpr u8 kIdPlain = 0;
constexpr u8 kIdWheel = 3;
constexpr u8 kIdFiveButtons = 4;
constexpr u8 kDefaultRate = 100;
constexpr u8 kDefaultResolution = 2;  // 4 counts a millimetre
constexpr u8 kMostResolution = 3;

constexpr u8 kStatusRemote = 1 << 6;
constexpr u8 kStatusEnabled = 1 << 5;
constexpr u8 kStatusDouble = 1 << 4;

constexpr u8 kPacketAlways = 1 << 3;
constexpr u8 kPacketXSign = 1 << 4;
constexpr u8 kPacketYSign = 1 << 5;
constexpr u8 kThreeButtons = 0x07;
constexpr u8 kFiveButtons = 0x1f;

constexpr int kMostMovement = 255;
constexpr int kMostWheel = 7;
constexpr int kMostPending = 1 << 16;  // movement nobody fetches

bool valid_rate(u8 rate) {
    constexpr std::array<u8, 7> kRates{10, 20, 40, 60, 80, 100, 200};
    return std::find(kRates.begin(), kRates.end(), rate) != kRates.end();
}

void accumulate(int& sum, int delta) {
    sum = std::clamp(sum + std::clamp(delta, -kMostPending, kMostPending), -kMostPending,
                     kMostPending);
}

// Takes what fits a packet; the rest goes with the next one.
int take(int& sum, int most) {
    const int taken = std::clamp(sum, -most, most);
    sum -= taken;
    return taken;
}

// 2:1 scaling of what is reported (IBM's table).
int doubled(int counts) {
    constexpr std::array<int, 6> kSmall{0, 1, 1, 3, 6, 9};
    const int size = std::abs(counts);
    const int scaled = size < 6 ? kSmall[static_cast<std::size_t>(size)] : 2 * size;
    return std::clamp(counts < 0 ? -scaled : scaled, -kMostMovement, kMostMovement);
}

}  // namespace

Mouse::Mouse(Scheduler& scheduler)
    : scheduler_(scheduler),
      sample_event_(scheduler.add_event("mouse sample", [this] { sample(); })) {
    reset();
}

void Mouse::reset() {
    clear_output();
    set_defaults();
    buttons_ = 0;
    reported_buttons_ = 0;
    id_ = kIdPlain;
    awaiting_ = 0;
    wrap_ = false;
    last_rates_ = {};
}

void Mouse::set_defaults() {
    rate_ = kDefaultRate;
    resolution_ = kDefaultResolution;
    double_scaling_ = false;
    reporting_ = false;
    set_mode(Mode::kStream);
}

void Mouse::set_mode(Mode mode) {
    mode_ = mode;
    forget_movement();
}

void Mouse::forget_movement() {
    scheduler_.cancel(sample_event_);
    dx_ = dy_ = wheel_ = 0;
    reported_buttons_ = buttons_;
}

// A command cuts short a packet that is being sent.
void Mouse::command(u8 byte) {
    clear_unsent();
    if (wrap_ && byte != kReset && byte != kResetWrap) return reply({byte});
    if (awaiting_ != 0) return argument(byte);
    if (!obey(byte)) reply({kResend});
}

bool Mouse::obey(u8 byte) {
    switch (byte) {
        case kResendCommand: resend_last(); return true;
        case kReset:
            reset();
            reply({kAcknowledge, kSelfTestPassed, id_});
            return true;
        case kReadData:
            acknowledge();
            send_packet(false);
            return true;
        case kStatusRequest: reply({kAcknowledge, status(), resolution_, rate_}); return true;
        case kReadId: reply({kAcknowledge, id_}); return true;
        case kSetResolution:
        case kSetRate: awaiting_ = byte; break;
        case kScalingNormal: double_scaling_ = false; break;
        case kScalingDouble: double_scaling_ = true; break;
        case kStreamMode: set_mode(Mode::kStream); break;
        case kRemoteMode: set_mode(Mode::kRemote); break;
        case kResetWrap: wrap_ = false; break;
        case kWrapMode: wrap_ = true; break;
        case kEnable:
            reporting_ = true;
            forget_movement();
            break;
        case kDisable:
            reporting_ = false;
            forget_movement();
            break;
        case kSetDefaults: set_defaults(); break;
        default: return false;
    }
    acknowledge();
    return true;
}

void Mouse::argument(u8 byte) {
    const u8 to = awaiting_;
    const bool valid = to == kSetRate ? valid_rate(byte) : byte <= kMostResolution;
    awaiting_ = 0;
    if (!valid) return reply({kResend});
    if (to == kSetRate)
        note_rate(byte);
    else
        resolution_ = byte;
    acknowledge();
}

// Drivers knock with three sample rates to wake the extensions.
void Mouse::note_rate(u8 rate) {
    constexpr std::array<u8, 2> kKnockWheel{200, 100};
    constexpr std::array<u8, 2> kKnockFiveButtons{200, 200};
    if (rate == 80 && last_rates_ == kKnockWheel) id_ = kIdWheel;
    if (rate == 80 && last_rates_ == kKnockFiveButtons) id_ = kIdFiveButtons;
    last_rates_ = {last_rates_[1], rate};
    rate_ = rate;
}

// Left in bit 2 and right in bit 0, other than in a packet.
u8 Mouse::status() const {
    u8 status = 0;
    if (mode_ == Mode::kRemote) status |= kStatusRemote;
    if (reporting_) status |= kStatusEnabled;
    if (double_scaling_) status |= kStatusDouble;
    if (buttons_ & kLeft) status |= 1 << 2;
    if (buttons_ & kMiddle) status |= 1 << 1;
    if (buttons_ & kRight) status |= 1 << 0;
    return status;
}

void Mouse::move(int dx, int dy, int wheel, u8 buttons) {
    buttons_ = buttons & kFiveButtons;
    if (!reporting_ && mode_ == Mode::kStream) return;
    accumulate(dx_, dx);
    accumulate(dy_, dy);
    accumulate(wheel_, wheel);
    if (!scheduler_.scheduled(sample_event_)) sample();
}

bool Mouse::pending() const {
    const u8 seen = id_ == kIdFiveButtons ? kFiveButtons : kThreeButtons;
    const bool wheel = id_ != kIdPlain && wheel_ != 0;
    return dx_ != 0 || dy_ != 0 || wheel || ((buttons_ ^ reported_buttons_) & seen) != 0;
}

// At most one packet in a sample period, and none while the last has not been fetched.
void Mouse::sample() {
    if (!streams() || !pending()) return;
    if (!has_output()) send_packet(double_scaling_);
    scheduler_.schedule_in(sample_event_, 1'000'000'000 / rate_);
}

void Mouse::send_packet(bool scaled) {
    int x = take(dx_, kMostMovement);
    int y = -take(dy_, kMostMovement);
    const int wheel = take(wheel_, kMostWheel);
    if (scaled) {
        x = doubled(x);
        y = doubled(y);
    }
    reported_buttons_ = buttons_;
    const unsigned flags = kPacketAlways | (buttons_ & kThreeButtons) | (x < 0 ? kPacketXSign : 0) |
                           (y < 0 ? kPacketYSign : 0);
    std::vector<u8> packet{static_cast<u8>(flags), static_cast<u8>(x), static_cast<u8>(y)};
    if (id_ == kIdWheel) packet.push_back(static_cast<u8>(wheel));
    if (id_ == kIdFiveButtons)
        packet.push_back(static_cast<u8>((wheel & 0x0f) | (buttons_ & (kFourth | kFifth)) << 1));
    send(packet);
}

void Mouse::save(Writer& writer) const {
    writer.begin(kSection, kVersion);
    save_output(writer);
    for (const int value : {dx_, dy_, wheel_}) writer.put(static_cast<s32>(value));
    for (const u8 value : {buttons_, reported_buttons_, static_cast<u8>(mode_), id_, awaiting_,
                           rate_, resolution_, last_rates_[0], last_rates_[1]})
        writer.put(value);
    for (const bool value : {reporting_, wrap_, double_scaling_}) writer.put(value);
    writer.end();
}

void Mouse::restore(Reader& reader) {
    reader.begin(kSection, kVersion, kVersion);
    restore_output(reader);
    for (int* value : {&dx_, &dy_, &wheel_}) {
        *value = reader.get<s32>();
        if (std::clamp(*value, -kMostPending, kMostPending) != *value)
            reader.damaged("the mouse has moved too far");
    }
    reader.get(buttons_);
    reader.get(reported_buttons_);
    reader.get(mode_);
    for (u8* value : {&id_, &awaiting_, &rate_, &resolution_, &last_rates_[0], &last_rates_[1]})
        reader.get(*value);
    if (mode_ > Mode::kRemote) reader.damaged("there is no such mode");
    if (!valid_rate(rate_)) reader.damaged("there is no such sample rate");
    for (bool* value : {&reporting_, &wrap_, &double_scaling_}) reader.get(*value);
    reader.end();
}

}  // namespace seventeen::devices
