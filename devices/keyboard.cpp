// The keyboard's commands and codes (IBM PS/2 Technical Reference, Keyboards, 1990).
#include "devices/keyboard.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;
constexpr std::string_view kSection = "keyboard";
constexpr std::size_t kBufferSize = 16;

enum Command : u8 {
    kSetLeds = 0xed,
    kEcho = 0xee,
    kScanCodeSet = 0xf0,
    kReadId = 0xf2,
    kSetTypematic = 0xf3,
    kEnable = 0xf4,
    kDefaultDisable = 0xf5,
    kSetDefault = 0xf6,
    kAllTypematic = 0xf7,
    kAllMakeBreak = 0xf8,
    kAllMake = 0xf9,
    kAllTypematicMakeBreak = 0xfa,
    kKeyTypematic = 0xfb,
    kKeyMakeBreak = 0xfc,
    kKeyMake = 0xfd,
    kResendCommand = 0xfe,
    kReset = 0xff,
};

constexpr u8 kId1 = 0xab;
constexpr u8 kId2 = 0x83;
constexpr u8 kLedMask = 0x07;
constexpr u8 kDefaultTypematic = 0x2b;  // 10.9 characters a second after 500 ms
constexpr u8 kTypematicMask = 0x7f;

constexpr u8 kExtendedPrefix = 0xe0;
constexpr u8 kBreakPrefix = 0xf0;
constexpr u8 kBreakBit = 0x80;  // set 1
constexpr u8 kOverrunSet1 = 0xff;
constexpr u8 kOverrun = 0x00;
constexpr u16 kFakeShift = kExtended | 0x12;
constexpr u16 kSysRq = 0x84;  // Print Screen with Alt

}  // namespace

Keyboard::Keyboard(Scheduler& scheduler)
    : scheduler_(scheduler),
      repeat_event_(scheduler.add_event("keyboard repeat", [this] { repeat(); })) {
    reset();
}

void Keyboard::reset() {
    clear_output();
    down_ = {};
    awaiting_ = 0;
    leds_ = 0;
    set_defaults();
    scanning_ = true;
}

void Keyboard::set_defaults() {
    clear_unsent();
    scheduler_.cancel(repeat_event_);
    overrun_ = false;
    set_ = 2;
    typematic_ = kDefaultTypematic;
    for (std::size_t i = 0; i < kKeyCount; ++i) kinds_[i] = key(static_cast<KeyCode>(i)).kind;
}

void Keyboard::set_all_kinds(KeyKind kind) {
    clear_unsent();
    overrun_ = false;
    kinds_.fill(kind);
    acknowledge();
}

void Keyboard::command(u8 byte) {
    // A command in an argument's place is obeyed.
    if (awaiting_ != 0 && byte < kSetLeds) return argument(byte);
    awaiting_ = 0;
    switch (byte) {
        case kSetLeds:
        case kScanCodeSet:
        case kSetTypematic:
        case kKeyTypematic:
        case kKeyMakeBreak:
        case kKeyMake:
            awaiting_ = byte;
            acknowledge();
            break;
        case kEcho: reply({kEcho}); break;
        case kReadId: reply({kAcknowledge, kId1, kId2}); break;
        case kEnable:
            clear_unsent();
            overrun_ = false;
            scanning_ = true;
            acknowledge();
            break;
        case kDefaultDisable:
            set_defaults();
            scanning_ = false;
            acknowledge();
            break;
        case kSetDefault:
            set_defaults();
            acknowledge();
            break;
        case kAllTypematic: set_all_kinds(KeyKind::kTypematic); break;
        case kAllMakeBreak: set_all_kinds(KeyKind::kMakeBreak); break;
        case kAllMake: set_all_kinds(KeyKind::kMakeOnly); break;
        case kAllTypematicMakeBreak: set_all_kinds(KeyKind::kTypematicMakeBreak); break;
        case kResendCommand: resend_last(); break;
        case kReset:
            // The self-test, up to 750 ms in a real keyboard, takes no time here, as in QEMU.
            reset();
            reply({kAcknowledge, kSelfTestPassed});
            break;
        default: reply({kResend}); break;
    }
}

void Keyboard::argument(u8 byte) {
    const u8 to = awaiting_;
    awaiting_ = 0;
    if (to == kSetLeds) {
        leds_ = byte & kLedMask;
    } else if (to == kSetTypematic) {
        typematic_ = byte & kTypematicMask;
    } else if (to == kScanCodeSet) {
        if (byte > 3) return reply({kResend});
        if (byte == 0) return reply({kAcknowledge, set_});
        set_ = byte;
        clear_unsent();
        overrun_ = false;
    } else {
        // The commands for single keys take codes until another command comes.
        awaiting_ = to;
        const std::optional<KeyCode> code = key_with_set3(byte);
        const KeyKind kind = to == kKeyTypematic   ? KeyKind::kTypematic
                             : to == kKeyMakeBreak ? KeyKind::kMakeBreak
                                                   : KeyKind::kMakeOnly;
        if (code) kinds_[static_cast<std::size_t>(*code)] = kind;
    }
    acknowledge();
}

// Kinds matter in set 3 only; Pause, which has no break code elsewhere, never repeats.
KeyKind Keyboard::kind(KeyCode code) const {
    if (set_ == 3) return kinds_[static_cast<std::size_t>(code)];
    return code == KeyCode::kPause ? KeyKind::kMakeOnly : KeyKind::kTypematicMakeBreak;
}

void Keyboard::press(KeyCode code) {
    if (down(code)) return;
    down_[static_cast<std::size_t>(code)] = true;
    if (!scanning_) return;
    enqueue(make_codes(code));
    start_typematic(code);
}

void Keyboard::release(KeyCode code) {
    if (!down(code)) return;
    if (scheduler_.scheduled(repeat_event_) && repeating_ == code) scheduler_.cancel(repeat_event_);
    const Codes codes = break_codes(code);
    down_[static_cast<std::size_t>(code)] = false;
    if (scanning_) enqueue(codes);
}

// The key pressed last repeats; pressing one that does not stops the one that did.
void Keyboard::start_typematic(KeyCode code) {
    const KeyKind kind = this->kind(code);
    scheduler_.cancel(repeat_event_);
    if (kind != KeyKind::kTypematic && kind != KeyKind::kTypematicMakeBreak) return;
    repeating_ = code;
    scheduler_.schedule_in(repeat_event_, typematic_delay());
}

// A repeat that nobody has read yet is not followed by another: a key held never overruns.
void Keyboard::repeat() {
    if (!scanning_) return;
    if (unsent() == 0) enqueue(make_codes(repeating_));
    scheduler_.schedule_in(repeat_event_, typematic_period());
}

Scheduler::Nanoseconds Keyboard::typematic_delay() const {
    return (1 + (typematic_ >> 5 & 3)) * u64{250'000'000};
}

// (8 + A) × 2^B × 1/240 s.
Scheduler::Nanoseconds Keyboard::typematic_period() const {
    const u64 units = u64{8} + (typematic_ & 7);
    return (units << (typematic_ >> 3 & 3)) * 1'000'000'000 / 240;
}

bool Keyboard::shifted() const {
    return down(KeyCode::kShiftLeft) || down(KeyCode::kShiftRight);
}

bool Keyboard::controlled() const {
    return down(KeyCode::kControlLeft) || down(KeyCode::kControlRight);
}

bool Keyboard::alternated() const {
    return down(KeyCode::kAltLeft) || down(KeyCode::kAltRight);
}

void Keyboard::append_make(Codes& codes, u16 set2) const {
    const u8 code = static_cast<u8>(set2);
    if (set2 & kExtended) codes.push_back(kExtendedPrefix);
    codes.push_back(set_ == 1 ? translated(code) : code);
}

void Keyboard::append_break(Codes& codes, u16 set2) const {
    const u8 code = static_cast<u8>(set2);
    if (set2 & kExtended) codes.push_back(kExtendedPrefix);
    if (set_ != 1) codes.push_back(kBreakPrefix);
    codes.push_back(set_ == 1 ? translated(code) | kBreakBit : code);
}

// Print Screen and Pause are what they were on the 84-key keyboard: Shift-* with a shift of its
// own, and Ctrl-Num Lock.
Keyboard::Codes Keyboard::make_codes(KeyCode code) const {
    const Key& key = devices::key(code);
    if (set_ == 3) return {key.set3};
    Codes codes;
    if (code == KeyCode::kPrintScreen && alternated()) {
        append_make(codes, kSysRq);
    } else if (code == KeyCode::kPrintScreen) {
        if (!shifted() && !controlled()) append_make(codes, kFakeShift);
        append_make(codes, key.set2);
    } else if (code == KeyCode::kPause && controlled()) {
        append_make(codes, key.set2);
        append_break(codes, key.set2);
    } else if (code == KeyCode::kPause) {
        return set_ == 1 ? Codes{0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}
                         : Codes{0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77};
    } else {
        append_make(codes, key.set2);
    }
    return codes;
}

Keyboard::Codes Keyboard::break_codes(KeyCode code) const {
    const Key& key = devices::key(code);
    const KeyKind kind = this->kind(code);
    if (kind == KeyKind::kMakeOnly || kind == KeyKind::kTypematic) return {};
    if (set_ == 3) return {kBreakPrefix, key.set3};
    Codes codes;
    if (code == KeyCode::kPrintScreen && alternated()) {
        append_break(codes, kSysRq);
    } else if (code == KeyCode::kPrintScreen) {
        append_break(codes, key.set2);
        if (!shifted() && !controlled()) append_break(codes, kFakeShift);
    } else {
        append_break(codes, key.set2);
    }
    return codes;
}

// A key for which there is no room is lost, and one overrun code says so.
void Keyboard::enqueue(const Codes& codes) {
    if (codes.empty()) return;
    if (unsent() == 0) overrun_ = false;
    if (overrun_) return;
    if (unsent() + codes.size() <= kBufferSize) return send(codes);
    overrun_ = true;
    send(Codes{set_ == 1 ? kOverrunSet1 : kOverrun});
}

void Keyboard::save(Writer& writer) const {
    writer.begin(kSection, kVersion);
    save_output(writer);
    for (const bool down : down_) writer.put(down);
    for (const KeyKind kind : kinds_) writer.put(kind);
    writer.put(repeating_);
    for (const u8 value : {awaiting_, set_, leds_, typematic_}) writer.put(value);
    writer.put(scanning_);
    writer.put(overrun_);
    writer.end();
}

void Keyboard::restore(Reader& reader) {
    reader.begin(kSection, kVersion, kVersion);
    restore_output(reader);
    for (bool& down : down_) reader.get(down);
    for (KeyKind& kind : kinds_) {
        reader.get(kind);
        if (kind > KeyKind::kTypematicMakeBreak) reader.damaged("a key has no such kind");
    }
    reader.get(repeating_);
    if (repeating_ >= KeyCode::kCount) reader.damaged("there is no such key");
    for (u8* value : {&awaiting_, &set_, &leds_, &typematic_}) reader.get(*value);
    if (set_ < 1 || set_ > 3) reader.damaged("there is no such scan code set");
    reader.get(scanning_);
    reader.get(overrun_);
    reader.end();
}

}  // namespace seventeen::devices
