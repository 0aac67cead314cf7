// The i8042's status, commands and translation (IBM PS/2 Technical Reference; Intel UPI-42).
#include "devices/keyboard_controller.h"

#include "devices/key_code.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

constexpr u8 kStatusOutputFull = 1 << 0;
constexpr u8 kStatusSystem = 1 << 2;
constexpr u8 kStatusCommand = 1 << 3;
constexpr u8 kStatusUnlocked = 1 << 4;
constexpr u8 kStatusMouse = 1 << 5;

constexpr u8 kControlKeyboardInterrupt = 1 << 0;
constexpr u8 kControlMouseInterrupt = 1 << 1;
constexpr u8 kControlSystem = 1 << 2;
constexpr u8 kControlKeyboardOff = 1 << 4;
constexpr u8 kControlMouseOff = 1 << 5;
constexpr u8 kControlTranslate = 1 << 6;
constexpr u8 kResetControl = kControlKeyboardInterrupt | kControlMouseInterrupt;  // QEMU's

enum Command : u8 {
    kReadMemory = 0x20,   // .. 3F
    kWriteMemory = 0x60,  // .. 7F
    kMouseOff = 0xa7,
    kMouseOn = 0xa8,
    kTestMouse = 0xa9,
    kSelfTest = 0xaa,
    kTestKeyboard = 0xab,
    kKeyboardOff = 0xad,
    kKeyboardOn = 0xae,
    kReadInputPort = 0xc0,
    kReadOutputPort = 0xd0,
    kWriteOutputPort = 0xd1,
    kWriteKeyboardBuffer = 0xd2,
    kWriteMouseBuffer = 0xd3,
    kWriteMouse = 0xd4,
    kA20Off = 0xdd,  // HP Vectra's, as in QEMU
    kA20On = 0xdf,
    kPulse = 0xf0,  // .. FF
};

constexpr u8 kAddressMask = 0x1f;
constexpr u8 kSelfTestGood = 0x55;
constexpr u8 kPortGood = 0x00;
constexpr u8 kInputPort = 0x80;  // the keyboard is not locked

constexpr u8 kPortNoReset = 1 << 0;
constexpr u8 kPortA20 = 1 << 1;
constexpr u8 kPortKeyboardInterrupt = 1 << 4;
constexpr u8 kPortMouseInterrupt = 1 << 5;
constexpr u8 kPortIdle = 0xcc;  // the bits that are always high

constexpr u8 kBreakPrefix = 0xf0;
constexpr u8 kBreakBit = 0x80;

// Eleven bits at 16.7 kHz, the fastest clock of a PS/2 device, take 660 microseconds. These devices
// are ten times as fast: firmware spends most of its waiting on them, busily.
constexpr Scheduler::Nanoseconds kByteTime = 66'000;

}  // namespace

KeyboardController::KeyboardController(Scheduler& scheduler, Ps2Device& keyboard, Ps2Device& mouse)
    : scheduler_(scheduler),
      keyboard_(keyboard),
      mouse_(mouse),
      transfer_event_(scheduler.add_event("keyboard controller", [this] { transfer(); })) {
    keyboard_.on_output([this] { expect_transfer(); });
    mouse_.on_output([this] { expect_transfer(); });
    reset();
}

void KeyboardController::reset() {
    memory_ = {};
    control() = kResetControl;
    command_ = 0;
    output_ = 0;
    output_source_ = Source::kController;
    output_full_ = false;
    command_last_ = false;
    answer_waits_ = false;
    break_prefix_ = false;
    scheduler_.cancel(transfer_event_);
    keyboard_.reset();
    mouse_.reset();
    update_interrupts();
    a20_.raise();
}

u64 KeyboardController::read(unsigned region, u64, Width) {
    return region == kDataPort ? read_data() : status();
}

void KeyboardController::write(unsigned region, u64, u64 value, Width) {
    command_last_ = region == kCommandPort;
    if (region == kDataPort)
        write_data(static_cast<u8>(value));
    else
        write_command(static_cast<u8>(value));
}

u8 KeyboardController::status() const {
    u8 status = kStatusUnlocked;
    if (output_full_) status |= kStatusOutputFull;
    if (output_full_ && output_source_ == Source::kMouse) status |= kStatusMouse;
    if (control() & kControlSystem) status |= kStatusSystem;
    if (command_last_) status |= kStatusCommand;
    return status;
}

u8 KeyboardController::read_data() {
    if (!output_full_) return output_;
    const u8 value = output_;
    output_full_ = false;
    update_interrupts();
    deliver_answer();
    expect_transfer();
    return value;
}

void KeyboardController::write_command(u8 value) {
    command_ = 0;
    if (value >= kPulse) {
        // A low bit pulses its pin; only the first is wired, to the processor's reset.
        if (!(value & kPortNoReset)) reset_request_.pulse();
        return;
    }
    if ((value & ~kAddressMask) == kReadMemory) return answer(memory_[value & kAddressMask]);
    if ((value & ~kAddressMask) == kWriteMemory) {
        command_ = value;
        return;
    }
    switch (value) {
        case kMouseOff: write_memory(0, control() | kControlMouseOff); break;
        case kMouseOn: write_memory(0, control() & static_cast<u8>(~kControlMouseOff)); break;
        case kTestMouse:
        case kTestKeyboard: answer(kPortGood); break;
        case kSelfTest:
            control() |= kControlSystem;
            answer(kSelfTestGood);
            break;
        case kKeyboardOff: write_memory(0, control() | kControlKeyboardOff); break;
        case kKeyboardOn: write_memory(0, control() & static_cast<u8>(~kControlKeyboardOff)); break;
        case kReadInputPort: answer(kInputPort); break;
        case kReadOutputPort: answer(read_output_port()); break;
        case kWriteOutputPort:
        case kWriteKeyboardBuffer:
        case kWriteMouseBuffer:
        case kWriteMouse: command_ = value; break;
        case kA20Off: a20_.lower(); break;
        case kA20On: a20_.raise(); break;
        default: break;
    }
}

void KeyboardController::write_data(u8 value) {
    const u8 command = command_;
    command_ = 0;
    switch (command) {
        case 0:
            // Sending to a device switches its clock on.
            write_memory(0, control() & static_cast<u8>(~kControlKeyboardOff));
            keyboard_.receive(value);
            break;
        case kWriteOutputPort: write_output_port(value); break;
        case kWriteKeyboardBuffer: answer(value, Source::kKeyboard); break;
        case kWriteMouseBuffer: answer(value, Source::kMouse); break;
        case kWriteMouse:
            write_memory(0, control() & static_cast<u8>(~kControlMouseOff));
            mouse_.receive(value);
            break;
        default: write_memory(command & kAddressMask, value); break;
    }
}

void KeyboardController::write_memory(unsigned address, u8 value) {
    memory_[address] = value;
    update_interrupts();
    expect_transfer();
}

void KeyboardController::write_output_port(u8 value) {
    a20_.set(value & kPortA20);
    if (!(value & kPortNoReset)) reset_request_.pulse();
}

u8 KeyboardController::read_output_port() const {
    u8 value = kPortIdle | kPortNoReset;
    if (a20_.level()) value |= kPortA20;
    if (output_full_)
        value |= output_source_ == Source::kMouse ? kPortMouseInterrupt : kPortKeyboardInterrupt;
    return value;
}

// The controller's own answers take no time, but wait while the buffer is full. A guest that does
// not fetch one loses it to the next.
void KeyboardController::answer(u8 value, Source as) {
    answer_ = value;
    answer_source_ = as;
    answer_waits_ = true;
    deliver_answer();
}

void KeyboardController::deliver_answer() {
    if (!answer_waits_ || output_full_) return;
    answer_waits_ = false;
    fill(answer_, answer_source_);
}

bool KeyboardController::ready(Source port) const {
    if (port == Source::kKeyboard)
        return !(control() & kControlKeyboardOff) && keyboard_.has_output();
    return !(control() & kControlMouseOff) && mouse_.has_output();
}

void KeyboardController::expect_transfer() {
    if (output_full_ || scheduler_.scheduled(transfer_event_)) return;
    if (ready(Source::kKeyboard) || ready(Source::kMouse))
        scheduler_.schedule_in(transfer_event_, kByteTime);
}

// A device whose clock was stopped, or that found the buffer full, sends its byte again later.
void KeyboardController::transfer() {
    if (output_full_) return;
    if (ready(Source::kKeyboard)) {
        const u8 byte = keyboard_.take_output();
        const bool translate = control() & kControlTranslate;
        if (translate && byte == kBreakPrefix) {
            break_prefix_ = true;
            return expect_transfer();
        }
        const u8 break_bit = break_prefix_ ? kBreakBit : 0;
        break_prefix_ = false;
        fill(translate ? translated(byte) | break_bit : byte, Source::kKeyboard);
    } else if (ready(Source::kMouse)) {
        fill(mouse_.take_output(), Source::kMouse);
    }
}

void KeyboardController::fill(u8 value, Source source) {
    output_ = value;
    output_source_ = source;
    output_full_ = true;
    update_interrupts();
}

void KeyboardController::update_interrupts() {
    const bool mouse = output_source_ == Source::kMouse;
    keyboard_interrupt_.set(output_full_ && !mouse && control() & kControlKeyboardInterrupt);
    mouse_interrupt_.set(output_full_ && mouse && control() & kControlMouseInterrupt);
}

void KeyboardController::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    writer.bytes(memory_.data(), memory_.size());
    for (const u8 value : {command_, output_, answer_}) writer.put(value);
    writer.put(output_source_);
    writer.put(answer_source_);
    for (const bool value :
         {output_full_, command_last_, answer_waits_, break_prefix_, a20_.level()})
        writer.put(value);
    writer.end();
    keyboard_.save(writer);
    mouse_.save(writer);
}

void KeyboardController::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    reader.bytes(memory_.data(), memory_.size());
    for (u8* value : {&command_, &output_, &answer_}) reader.get(*value);
    for (Source* source : {&output_source_, &answer_source_}) {
        reader.get(*source);
        if (*source > Source::kMouse) reader.damaged("a byte comes from nowhere");
    }
    for (bool* value : {&output_full_, &command_last_, &answer_waits_, &break_prefix_})
        reader.get(*value);
    a20_.restore(reader.get<bool>());
    reader.end();
    const bool mouse = output_source_ == Source::kMouse;
    keyboard_interrupt_.restore(output_full_ && !mouse && control() & kControlKeyboardInterrupt);
    mouse_interrupt_.restore(output_full_ && mouse && control() & kControlMouseInterrupt);
    keyboard_.restore(reader);
    mouse_.restore(reader);
}

}  // namespace seventeen::devices
