// The 8259A's command words, priorities and acknowledge cycles.
#include "devices/interrupt_controller.h"

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// ICW1, written to A0 = 0.
constexpr u8 kIcw1 = 0x10;              // distinguishes it from OCW2 and OCW3
constexpr u8 kIcw1NeedsIcw4 = 0x01;     // IC4
constexpr u8 kIcw1Single = 0x02;        // SNGL
constexpr u8 kIcw1LevelTrigger = 0x08;  // LTIM
// ICW2: the vector's upper five bits.
constexpr u8 kVectorBase = 0xf8;
// ICW4. Its 8086 bit is not looked at: no PC's CPU takes the 8085's CALL sequence.
constexpr u8 kIcw4AutomaticEnd = 0x02;        // AEOI
constexpr u8 kIcw4SpecialFullyNested = 0x10;  // SFNM
// OCW2.
constexpr u8 kLevelMask = 0x07;
constexpr u8 kEndOfInterrupt = 0x20;  // EOI
constexpr u8 kSpecific = 0x40;        // SL
constexpr u8 kRotate = 0x80;          // R
// OCW3.
constexpr u8 kOcw3 = 0x08;
constexpr u8 kReadInService = 0x01;      // RIS
constexpr u8 kReadRegister = 0x02;       // RR
constexpr u8 kPoll = 0x04;               // P
constexpr u8 kSpecialMask = 0x20;        // SMM
constexpr u8 kChangeSpecialMask = 0x40;  // ESMM
constexpr u8 kPollPending = 0x80;        // in the answer to a poll
constexpr unsigned kSpurious = 7;
constexpr u8 kNobodyAnswers = 0xff;

constexpr u8 bit(unsigned irq) {
    return static_cast<u8>(1u << irq);
}

}  // namespace

InterruptController::InterruptController(std::string name, u8 level_capable)
    : name_(std::move(name)), level_capable_(level_capable) {}

void InterruptController::cascade(unsigned irq, InterruptController& slave) {
    check(irq < kInputs && slave_ == nullptr, "one slave, at one of eight inputs");
    slave_ = &slave;
    slave_irq_ = irq;
    slave.interrupt().connect([this, irq](bool level) { set_input(irq, level); });
}

void InterruptController::set_input(unsigned irq, bool level) {
    check(irq < kInputs, "an 8259A has eight inputs");
    const u8 pin = bit(irq);
    if (level && !(inputs_ & pin)) edges_ |= pin;
    if (!level) edges_ &= static_cast<u8>(~pin);
    inputs_ = static_cast<u8>(level ? inputs_ | pin : inputs_ & ~pin);
    update();
}

std::optional<unsigned> InterruptController::highest(u8 irqs) const {
    for (unsigned i = 1; i <= kInputs; ++i) {
        const unsigned irq = (lowest_ + i) % kInputs;
        if (irqs & bit(irq)) return irq;
    }
    return std::nullopt;
}

// The request that is not masked and not held back by one in service ("Fully nested mode").
std::optional<unsigned> InterruptController::pending() const {
    const std::optional<unsigned> request = highest(requests() & static_cast<u8>(~mask_));
    if (!request) return std::nullopt;
    // In special mask mode a masked interrupt in service holds nothing back.
    const u8 blocking = special_mask_ ? in_service_ & static_cast<u8>(~mask_) : in_service_;
    const std::optional<unsigned> served = highest(blocking);
    if (!served || priority(*request) < priority(*served)) return request;
    // "Special fully nested mode": a slave's higher request passes while a lower one is served.
    if (special_fully_nested_ && *request == *served && has_slave(*request)) return request;
    return std::nullopt;
}

// The first INTA pulse, or a poll: the highest request goes into service. INT falls, so that what
// follows is a new edge for a master.
std::optional<unsigned> InterruptController::take() {
    const std::optional<unsigned> irq = pending();
    if (irq) {
        in_service_ |= bit(*irq);
        edges_ &= static_cast<u8>(~bit(*irq));
    }
    interrupt_.lower();
    return irq;
}

// The last INTA pulse: the automatic end of interrupt.
void InterruptController::finish(unsigned irq) {
    if (!automatic_end_) return;
    in_service_ &= static_cast<u8>(~bit(irq));
    if (rotate_automatically_) lowest_ = static_cast<u8>(irq);
}

u8 InterruptController::acknowledge() {
    const std::optional<unsigned> irq = take();
    u8 vector = static_cast<u8>(vector_base_ | irq.value_or(kSpurious));
    if (irq && has_slave(*irq)) {
        const bool answers = slave_irq_ == *irq && (slave_->cascade_ & kLevelMask) == *irq;
        vector = answers ? slave_->acknowledge() : kNobodyAnswers;
    }
    if (irq) finish(*irq);
    update();
    return vector;
}

u8 InterruptController::poll() {
    poll_ = false;
    const std::optional<unsigned> irq = take();
    if (irq) finish(*irq);
    update();
    return irq ? static_cast<u8>(kPollPending | *irq) : u8{0};
}

u64 InterruptController::read(unsigned region, u64 offset, Width) {
    if (region == kEdgeLevel) return edge_level_;
    if (poll_) return poll();
    if (offset != 0) return mask_;
    return read_in_service_ ? in_service_ : requests();
}

void InterruptController::write(unsigned region, u64 offset, u64 value, Width) {
    const u8 byte = static_cast<u8>(value);
    if (region == kEdgeLevel)
        edge_level_ = byte & level_capable_;
    else if (offset == 0)
        write_command(byte);
    else
        write_data(byte);
    update();
}

void InterruptController::write_command(u8 value) {
    if (value & kIcw1) {
        begin_initialization(value);
    } else if (!(value & kOcw3)) {
        end_of_interrupt(value);
    } else {
        if (value & kChangeSpecialMask) special_mask_ = (value & kSpecialMask) != 0;
        if (value & kPoll)  // overrides a register read that is asked for at once
            poll_ = true;
        else if (value & kReadRegister)
            read_in_service_ = (value & kReadInService) != 0;
    }
}

// "Initialization command words 1 and 2", (a) to (f).
void InterruptController::begin_initialization(u8 icw1) {
    level_all_ = (icw1 & kIcw1LevelTrigger) != 0;
    single_ = (icw1 & kIcw1Single) != 0;
    wants_icw4_ = (icw1 & kIcw1NeedsIcw4) != 0;
    expect_ = Expect::kIcw2;
    edges_ = 0;
    mask_ = 0;
    in_service_ = 0;
    lowest_ = kInputs - 1;
    cascade_ = 7;
    special_mask_ = false;
    read_in_service_ = false;
    poll_ = false;
    automatic_end_ = false;
    special_fully_nested_ = false;
    rotate_automatically_ = false;
}

void InterruptController::write_data(u8 value) {
    const Expect after = wants_icw4_ ? Expect::kIcw4 : Expect::kMask;
    switch (expect_) {
        case Expect::kMask: mask_ = value; break;
        case Expect::kIcw2:
            vector_base_ = value & kVectorBase;
            expect_ = single_ ? after : Expect::kIcw3;
            break;
        case Expect::kIcw3:
            cascade_ = value;
            expect_ = after;
            break;
        case Expect::kIcw4:
            automatic_end_ = (value & kIcw4AutomaticEnd) != 0;
            special_fully_nested_ = (value & kIcw4SpecialFullyNested) != 0;
            expect_ = Expect::kMask;
            break;
    }
}

// OCW2: the eight combinations of R, SL and EOI.
void InterruptController::end_of_interrupt(u8 command) {
    const bool rotate = (command & kRotate) != 0;
    const bool specific = (command & kSpecific) != 0;
    const u8 level = command & kLevelMask;
    if (!(command & kEndOfInterrupt)) {
        if (!specific)
            rotate_automatically_ = rotate;
        else if (rotate)
            lowest_ = level;  // "set priority"; without R: no operation
        return;
    }
    // A non-specific EOI does not end what special mask mode has masked.
    const u8 candidates = special_mask_ ? in_service_ & static_cast<u8>(~mask_) : in_service_;
    const std::optional<unsigned> ended = specific ? level : highest(candidates);
    if (!ended) return;
    in_service_ &= static_cast<u8>(~bit(*ended));
    if (rotate) lowest_ = static_cast<u8>(*ended);
}

// The 8259A has no reset pin; this is what the 82371SB leaves after its own.
void InterruptController::reset() {
    begin_initialization(0);
    expect_ = Expect::kMask;
    edge_level_ = 0;
    vector_base_ = 0;
    update();
}

void InterruptController::save(Writer& writer) const {
    writer.begin(name_, kVersion);
    for (const u8 value : {inputs_, edges_, edge_level_, in_service_, mask_, vector_base_, cascade_,
                           lowest_, static_cast<u8>(expect_)})
        writer.put(value);
    for (const bool value :
         {level_all_, single_, wants_icw4_, automatic_end_, special_fully_nested_,
          rotate_automatically_, special_mask_, read_in_service_, poll_, interrupt_.level()})
        writer.put(value);
    writer.end();
}

void InterruptController::restore(Reader& reader) {
    reader.begin(name_, kVersion, kVersion);
    for (u8* value : {&inputs_, &edges_, &edge_level_, &in_service_, &mask_, &vector_base_,
                      &cascade_, &lowest_})
        reader.get(*value);
    reader.get(expect_);
    for (bool* value :
         {&level_all_, &single_, &wants_icw4_, &automatic_end_, &special_fully_nested_,
          &rotate_automatically_, &special_mask_, &read_in_service_, &poll_})
        reader.get(*value);
    interrupt_.restore(reader.get<bool>());
    if (lowest_ >= kInputs) reader.damaged("no input has the lowest priority");
    if (expect_ > Expect::kIcw4) reader.damaged("an unknown command word is expected");
    reader.end();
}

}  // namespace seventeen::devices
