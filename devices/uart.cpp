// The 16550A's registers, interrupt priorities and timing (National PC16550D datasheet, 8.0).
#include "devices/uart.h"

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

enum Register : u64 {
    kBuffer,           // RBR, THR; divisor latch, low
    kInterruptEnable,  // IER; divisor latch, high
    kIdentification,   // IIR, FCR
    kLineControl,
    kModemControl,
    kLineStatus,
    kModemStatus,
    kScratch,
};

constexpr u8 kEnableReceived = 1 << 0;
constexpr u8 kEnableHoldingEmpty = 1 << 1;
constexpr u8 kEnableLineStatus = 1 << 2;
constexpr u8 kEnableModemStatus = 1 << 3;
constexpr u8 kEnableMask = 0x0f;

constexpr u8 kIdModemStatus = 0x00;
constexpr u8 kIdNone = 0x01;
constexpr u8 kIdHoldingEmpty = 0x02;
constexpr u8 kIdReceived = 0x04;
constexpr u8 kIdLineStatus = 0x06;
constexpr u8 kIdTimeout = 0x0c;
constexpr u8 kIdFifos = 0xc0;

constexpr u8 kFifoEnable = 1 << 0;
constexpr u8 kFifoClearReceiver = 1 << 1;
constexpr u8 kFifoClearTransmitter = 1 << 2;
constexpr unsigned kFifoTriggerShift = 6;

constexpr u8 kWordLengthMask = 0x03;
constexpr u8 kTwoStopBits = 1 << 2;
constexpr u8 kParityEnable = 1 << 3;
constexpr u8 kSetBreak = 1 << 6;
constexpr u8 kDivisorLatch = 1 << 7;

constexpr u8 kModemOutputs = 0x0f;
constexpr u8 kLoopback = 1 << 4;
constexpr u8 kModemControlMask = 0x1f;

constexpr u8 kDataReady = 1 << 0;
constexpr u8 kOverrunError = 1 << 1;
constexpr u8 kBreakInterrupt = 1 << 4;
constexpr u8 kCharacterErrors = 0x1c;  // parity, framing, break: they belong to one character
constexpr u8 kHoldingEmpty = 1 << 5;
constexpr u8 kTransmitterEmpty = 1 << 6;
constexpr u8 kFifoError = 1 << 7;

constexpr u8 kDeltas = 0x0f;
constexpr u8 kTrailingRing = 1 << 2;
constexpr u8 kClearToSend = 1 << 4;
constexpr u8 kDataSetReady = 1 << 5;
constexpr u8 kRing = 1 << 6;
constexpr u8 kCarrierDetect = 1 << 7;

constexpr unsigned kErrorShift = 8;  // where a Character keeps its LSR bits
constexpr u16 kBreakCharacter = kBreakInterrupt << kErrorShift;

constexpr u64 kInputClock = 1'843'200;
constexpr u64 kClocksPerBit = 16;
constexpr u16 kResetDivisor = 12;  // 9600 baud, as QEMU's
constexpr unsigned kTimeoutCharacters = 4;

u8 errors_of(u16 character) {
    return static_cast<u8>(character >> kErrorShift);
}

}  // namespace

Uart::Uart(std::string name, Scheduler& scheduler, Sink sink, unsigned haste)
    : name_(std::move(name)),
      scheduler_(scheduler),
      sink_(std::move(sink)),
      haste_(haste),
      transmit_event_(scheduler.add_event(name_ + " transmit", [this] { finish_transmission(); })),
      receive_event_(scheduler.add_event(name_ + " receive", [this] { take_incoming(); })),
      timeout_event_(scheduler.add_event(name_ + " timeout",
                                         [this] {
                                             timeout_pending_ = true;
                                             update_interrupt();
                                         })),
      inputs_(kClearToSend | kDataSetReady | kCarrierDetect) {
    reset();
}

void Uart::reset() {
    interrupt_enable_ = 0;
    fifo_control_ = 0;
    line_control_ = 0;
    modem_control_ = 0;
    scratch_ = 0;
    buffer_ = 0;
    divisor_ = kResetDivisor;
    shifting_ = false;
    holding_empty_pending_ = false;
    scheduler_.cancel(transmit_event_);
    scheduler_.cancel(receive_event_);
    holding_.clear();
    clear_receiver();
    for (Line& line : outputs_) line.lower();
    modem_status_ = inputs_;
    update_interrupt();
    expect_incoming();
}

bool Uart::fifos_enabled() const {
    return fifo_control_ & kFifoEnable;
}

bool Uart::loopback() const {
    return modem_control_ & kLoopback;
}

std::size_t Uart::receive_room() const {
    const std::size_t size = fifos_enabled() ? kFifoSize : 1;
    return size - received_.size();
}

std::size_t Uart::trigger_level() const {
    constexpr std::array<u8, 4> kLevels{1, 4, 8, 14};
    return fifos_enabled() ? kLevels[fifo_control_ >> kFifoTriggerShift] : 1;
}

// Start bit, data, parity and stop bits; counted in halves, for five data bits take 1½ stop bits.
Scheduler::Nanoseconds Uart::character_time() const {
    const unsigned data = 5 + (line_control_ & kWordLengthMask);
    const unsigned parity = line_control_ & kParityEnable ? 1 : 0;
    const unsigned stop_halves = !(line_control_ & kTwoStopBits) ? 2 : data == 5 ? 3 : 4;
    const u64 halves = 2 * (1 + data + parity) + stop_halves;
    const u64 divisor = divisor_ == 0 ? 1 : divisor_;
    return halves * divisor * kClocksPerBit * 1'000'000'000 / (2 * kInputClock * haste_);
}

u64 Uart::read(unsigned, u64 offset, Width) {
    const bool latch = line_control_ & kDivisorLatch;
    switch (offset) {
        case kBuffer: return latch ? divisor_ & 0xff : read_buffer();
        case kInterruptEnable: return latch ? divisor_ >> 8 : interrupt_enable_;
        case kIdentification: return read_identification();
        case kLineControl: return line_control_;
        case kModemControl: return modem_control_;
        case kLineStatus: return read_line_status();
        case kModemStatus: return read_modem_status();
        case kScratch: return scratch_;
        default: return 0xff;
    }
}

void Uart::write(unsigned, u64 offset, u64 wide_value, Width) {
    const u8 value = static_cast<u8>(wide_value);
    const bool latch = line_control_ & kDivisorLatch;
    switch (offset) {
        case kBuffer:
            if (latch)
                divisor_ = static_cast<u16>((divisor_ & 0xff00) | value);
            else
                write_holding(value);
            break;
        case kInterruptEnable:
            if (latch)
                divisor_ = static_cast<u16>((divisor_ & 0x00ff) | value << 8);
            else
                write_interrupt_enable(value);
            break;
        case kIdentification: write_fifo_control(value); break;
        case kLineControl: write_line_control(value); break;
        case kModemControl: write_modem_control(value); break;
        case kScratch: scratch_ = value; break;
        default: break;  // LSR and MSR: writing them is for factory testing only (8.6.3)
    }
}

u8 Uart::read_buffer() {
    if (received_.empty()) return buffer_;
    buffer_ = static_cast<u8>(received_.front());
    received_.pop_front();
    errors_seen_ = false;
    restart_timeout();
    update_interrupt();
    expect_incoming();
    return buffer_;
}

u8 Uart::line_status() const {
    u8 status = 0;
    if (!received_.empty()) {
        status |= kDataReady;
        if (!errors_seen_) status |= errors_of(received_.front());
    }
    if (overrun_) status |= kOverrunError;
    if (holding_.empty()) status |= kHoldingEmpty;
    if (holding_.empty() && !shifting_) status |= kTransmitterEmpty;
    if (fifos_enabled()) {
        const std::size_t first = errors_seen_ ? 1 : 0;
        for (std::size_t i = first; i < received_.size(); ++i)
            if (errors_of(received_[i]) != 0) status |= kFifoError;
    }
    return status;
}

u8 Uart::read_line_status() {
    const u8 status = line_status();
    overrun_ = false;
    errors_seen_ = !received_.empty();
    update_interrupt();
    return status;
}

u8 Uart::read_modem_status() {
    const u8 status = modem_status_;
    modem_status_ &= static_cast<u8>(~kDeltas);
    update_interrupt();
    return status;
}

// In order of priority (table IV).
u8 Uart::identification() const {
    const u8 enabled = interrupt_enable_;
    const u8 errors = kOverrunError | kCharacterErrors;
    if (enabled & kEnableLineStatus && line_status() & errors) return kIdLineStatus;
    if (enabled & kEnableReceived && received_.size() >= trigger_level()) return kIdReceived;
    if (enabled & kEnableReceived && timeout_pending_) return kIdTimeout;
    if (enabled & kEnableHoldingEmpty && holding_empty_pending_) return kIdHoldingEmpty;
    if (enabled & kEnableModemStatus && modem_status_ & kDeltas) return kIdModemStatus;
    return kIdNone;
}

u8 Uart::read_identification() {
    const u8 source = identification();
    if (source == kIdHoldingEmpty) {
        holding_empty_pending_ = false;
        update_interrupt();
    }
    return fifos_enabled() ? source | kIdFifos : source;
}

void Uart::write_holding(u8 value) {
    const std::size_t size = fifos_enabled() ? kFifoSize : 1;
    // One too many overwrites the last: the datasheet leaves it open, so nothing else may be lost.
    if (holding_.size() == size) holding_.pop_back();
    holding_.push_back(value);
    holding_empty_pending_ = false;
    update_interrupt();
    if (!shifting_) start_transmission();
}

// Enabling the interrupt while the register is empty raises it at once; drivers count on it.
void Uart::write_interrupt_enable(u8 value) {
    const u8 newly = static_cast<u8>(value & ~interrupt_enable_);
    interrupt_enable_ = value & kEnableMask;
    if (newly & kEnableHoldingEmpty && holding_.empty()) holding_empty_pending_ = true;
    update_interrupt();
}

void Uart::write_fifo_control(u8 value) {
    const bool toggled = (value ^ fifo_control_) & kFifoEnable;
    const bool enabled = value & kFifoEnable;
    // The other bits are not programmed unless FIFOs are enabled by the same write (8.5).
    fifo_control_ = enabled ? value : 0;
    if (toggled || (enabled && value & kFifoClearReceiver)) clear_receiver();
    if (toggled || (enabled && value & kFifoClearTransmitter)) clear_transmitter();
    update_interrupt();
    expect_incoming();
}

void Uart::write_line_control(u8 value) {
    const bool begins_break = value & ~line_control_ & kSetBreak;
    line_control_ = value;
    if (begins_break && loopback()) deliver(kBreakCharacter);
}

void Uart::write_modem_control(u8 value) {
    modem_control_ = value & kModemControlMask;
    update_modem_status();
    // In loopback the four pins are forced inactive (8.7).
    const unsigned pins = loopback() ? 0 : modem_control_ & kModemOutputs;
    for (unsigned i = 0; i < outputs_.size(); ++i) outputs_[i].set(pins >> i & 1);
    expect_incoming();
}

// Moves a character from the holding to the shift register.
void Uart::start_transmission() {
    shift_register_ = holding_.front();
    holding_.pop_front();
    shifting_ = true;
    if (!loopback()) sink_(shift_register_);
    scheduler_.schedule_in(transmit_event_, character_time());
    if (holding_.empty()) holding_empty_pending_ = true;
    update_interrupt();
}

void Uart::finish_transmission() {
    shifting_ = false;
    if (loopback()) deliver(shift_register_);
    if (!holding_.empty()) start_transmission();
}

void Uart::clear_receiver() {
    received_.clear();
    overrun_ = false;
    errors_seen_ = false;
    restart_timeout();
}

// The shift register is not cleared (8.5).
void Uart::clear_transmitter() {
    if (!holding_.empty()) holding_empty_pending_ = true;
    holding_.clear();
}

void Uart::receive(u8 byte) {
    queue(byte);
}

void Uart::receive_break() {
    queue(kBreakCharacter);
}

void Uart::queue(Character character) {
    incoming_.push_back(character);
    expect_incoming();
}

void Uart::expect_incoming() {
    const bool possible = !incoming_.empty() && !loopback() && receive_room() != 0;
    if (possible && !scheduler_.scheduled(receive_event_))
        scheduler_.schedule_in(receive_event_, character_time());
}

// Loopback may have disconnected the wire, or filled the receiver, in the meantime.
void Uart::take_incoming() {
    if (incoming_.empty() || loopback() || receive_room() == 0) return;
    const Character character = incoming_.front();
    incoming_.pop_front();
    deliver(character);
    expect_incoming();
}

// A full FIFO keeps what it has; a full buffer register is overwritten (8.4).
void Uart::deliver(Character character) {
    if (receive_room() == 0) {
        overrun_ = true;
        if (!fifos_enabled()) received_.back() = character;
    } else {
        received_.push_back(character);
    }
    if (received_.size() == 1) errors_seen_ = false;
    restart_timeout();
    update_interrupt();
}

// Four character times after the last arrival or read, if something is left to read (8.5).
void Uart::restart_timeout() {
    timeout_pending_ = false;
    if (fifos_enabled() && !received_.empty())
        scheduler_.schedule_in(timeout_event_, kTimeoutCharacters * character_time());
    else
        scheduler_.cancel(timeout_event_);
}

void Uart::set_input(ModemInput pin, bool active) {
    const u8 bit = static_cast<u8>(kClearToSend << static_cast<unsigned>(pin));
    inputs_ = static_cast<u8>(active ? inputs_ | bit : inputs_ & ~bit);
    update_modem_status();
}

// In loopback the inputs are RTS, DTR, OUT1 and OUT2, in MSR's order (8.7).
void Uart::update_modem_status() {
    u8 inputs = inputs_;
    if (loopback()) {
        const auto input = [this](ModemOutput from, u8 to) {
            return modem_control_ >> static_cast<unsigned>(from) & 1 ? to : u8{0};
        };
        inputs = static_cast<u8>(
            input(ModemOutput::kRts, kClearToSend) | input(ModemOutput::kDtr, kDataSetReady) |
            input(ModemOutput::kOut1, kRing) | input(ModemOutput::kOut2, kCarrierDetect));
    }
    u8 deltas = static_cast<u8>((inputs ^ modem_status_) >> 4);
    if (inputs & kRing) deltas &= static_cast<u8>(~kTrailingRing);  // only its end counts
    modem_status_ = static_cast<u8>(inputs | (modem_status_ & kDeltas) | deltas);
    update_interrupt();
}

void Uart::update_interrupt() {
    interrupt_.set(identification() != kIdNone);
}

void Uart::save(Writer& writer) const {
    writer.begin(name_, kVersion);
    for (const std::deque<Character>* queue : {&incoming_, &received_}) {
        writer.put(static_cast<u32>(queue->size()));
        for (const Character character : *queue) writer.put(character);
    }
    writer.put(static_cast<u32>(holding_.size()));
    for (const u8 byte : holding_) writer.put(byte);
    writer.put(divisor_);
    for (const u8 value : {shift_register_, interrupt_enable_, fifo_control_, line_control_,
                           modem_control_, modem_status_, scratch_, inputs_, buffer_})
        writer.put(value);
    for (const bool value :
         {shifting_, overrun_, errors_seen_, holding_empty_pending_, timeout_pending_})
        writer.put(value);
    writer.end();
}

void Uart::restore(Reader& reader) {
    reader.begin(name_, kVersion, kVersion);
    for (std::deque<Character>* queue : {&incoming_, &received_}) {
        queue->clear();
        for (u32 left = reader.get<u32>(); left != 0; --left)
            queue->push_back(reader.get<Character>());
    }
    holding_.clear();
    for (u32 left = reader.get<u32>(); left != 0; --left) holding_.push_back(reader.get<u8>());
    reader.get(divisor_);
    for (u8* value : {&shift_register_, &interrupt_enable_, &fifo_control_, &line_control_,
                      &modem_control_, &modem_status_, &scratch_, &inputs_, &buffer_})
        reader.get(*value);
    for (bool* value :
         {&shifting_, &overrun_, &errors_seen_, &holding_empty_pending_, &timeout_pending_})
        reader.get(*value);
    const std::size_t most = fifos_enabled() ? kFifoSize : 1;
    if (received_.size() > most || holding_.size() > most) reader.damaged("a FIFO is overfull");
    if (shifting_ != scheduler_.scheduled(transmit_event_))
        reader.damaged("the transmitter and its clock disagree");
    reader.end();
    const unsigned pins = loopback() ? 0 : modem_control_ & kModemOutputs;
    for (unsigned i = 0; i < outputs_.size(); ++i) outputs_[i].restore(pins >> i & 1);
    interrupt_.restore(identification() != kIdNone);
}

}  // namespace seventeen::devices
