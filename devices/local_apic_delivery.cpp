// How interrupts come into a local APIC, wait for their turn, reach the CPU and end.
#include <algorithm>
#include <utility>

#include "devices/local_apic.h"
#include "devices/local_apic_registers.h"

namespace seventeen::devices {

using namespace local_apic;

namespace {

constexpr u8 kClassMask = 0xf0;

u8 vector_of(u32 entry) {
    return static_cast<u8>(entry & kVector);
}

u8 class_of(unsigned vector) {
    return static_cast<u8>(vector & kClassMask);
}

// Table 10-3: what a Pentium 4 sends with each shorthand. It drops the rest.
bool valid_command(Shorthand shorthand, DeliveryMode delivery) {
    switch (delivery) {
        case DeliveryMode::kFixed: return true;
        case DeliveryMode::kReserved:
        case DeliveryMode::kExternal: return false;
        default: return shorthand == Shorthand::kNone || shorthand == Shorthand::kOthers;
    }
}

}  // namespace

bool LocalApic::software_enabled() const {
    return (spurious_ & kSpuriousEnable) != 0;
}

// The timer's and the error's entries have no delivery mode: their bits read 0, which is fixed.
DeliveryMode LocalApic::delivery_of(LvtEntry entry) const {
    return static_cast<DeliveryMode>(lvt_[entry] >> kDeliveryShift & kDeliveryMask);
}

// --- priorities (SDM 3A 10.8.3) ---

u8 LocalApic::processor_priority() const {
    const u8 served = class_of(in_service_.highest().value_or(0));
    return class_of(task_priority_) >= served ? task_priority_ : served;
}

// APR (SDM 3A 10.6.2.4). Its "TPR AND ISRV" is read as a conjunction: bit by bit, a CPU deep in a
// handler would look idle.
unsigned LocalApic::arbitration_priority() const {
    const u8 task = class_of(task_priority_);
    const u8 served = class_of(in_service_.highest().value_or(0));
    const u8 requested = class_of(requests_.highest().value_or(0));
    if (task >= requested && task > served) return task_priority_;
    return std::max({task, served, requested});
}

std::optional<u8> LocalApic::deliverable() const {
    const std::optional<u8> vector = requests_.highest();
    if (!vector || class_of(*vector) <= class_of(processor_priority())) return std::nullopt;
    return vector;
}

// --- to the CPU ---

bool LocalApic::asserted(unsigned pin) const {
    return pins_[pin] != ((lvt_[kLint0 + pin] & kLvtActiveLow) != 0);
}

// The trigger mode counts for fixed delivery only (SDM 3A 10.5.1).
bool LocalApic::level_triggered(unsigned pin) const {
    const LvtEntry entry = entry_of(pin);
    return (lvt_[entry] & kTriggerLevel) && delivery_of(entry) == DeliveryMode::kFixed;
}

bool LocalApic::open_external(unsigned pin) const {
    const LvtEntry entry = entry_of(pin);
    return !(lvt_[entry] & kLvtMasked) && delivery_of(entry) == DeliveryMode::kExternal;
}

bool LocalApic::external_interrupt_open() const {
    return !enabled_ || open_external(0);
}

// ExtINT knows no priority here: the 8259s have their own.
bool LocalApic::external_pending() const {
    if (!enabled_) return pins_[0];
    if (external_request_) return true;
    for (unsigned pin = 0; pin < kPins; ++pin)
        if (open_external(pin) && asserted(pin)) return true;
    return false;
}

bool LocalApic::interrupt_wanted() const {
    return external_pending() || (enabled_ && deliverable());
}

u8 LocalApic::acknowledge() {
    if (external_pending()) {
        external_request_ = false;  // the 8259s may raise their next one during this cycle
        const u8 vector = wiring_.external_vector();
        update();
        return vector;
    }
    const std::optional<u8> vector = deliverable();
    if (!vector) return vector_of(spurious_);  // withdrawn meanwhile; not in service (10.9)
    settle_timer();                            // what expired while the request stood is part of it
    requests_.erase(*vector);
    in_service_.insert(*vector);
    update();
    return *vector;
}

// The highest in service ends. Level-triggered ones end at their source, too (SDM 3A 10.8.5).
void LocalApic::end_of_interrupt() {
    const std::optional<u8> vector = in_service_.highest();
    if (!vector) return;
    in_service_.erase(*vector);
    if (!trigger_mode_.contains(*vector)) return;
    for (const LvtEntry pin : {kLint0, kLint1})
        if (vector_of(lvt_[pin]) == *vector) lvt_[pin] &= ~kLvtRemoteIrr;
    wiring_.bus.end_of_interrupt(*vector);
}

// --- from the bus ---

bool LocalApic::addressed_by(const InterruptMessage& message) const {
    const u8 destination = message.destination;
    if (destination == kBroadcast) return true;
    if (message.destination_mode == DestinationMode::kPhysical) return destination == id_;
    if (destination_format_ == kFormatFlat) return (destination & logical_destination_) != 0;
    // Clusters: the upper half numbers one, the lower half has a bit for each of its members.
    return destination_format_ == kFormatCluster &&
           class_of(destination) == class_of(logical_destination_) &&
           (destination & logical_destination_ & 0x0f) != 0;
}

// Disabled by software, it listens to INIT, NMI, SMI and start-up only (SDM 3A 10.4.7.2).
bool LocalApic::accepts(const InterruptMessage& message) const {
    switch (message.delivery) {
        case DeliveryMode::kFixed:
        case DeliveryMode::kLowestPriority:
        case DeliveryMode::kExternal: return enabled_ && software_enabled();
        case DeliveryMode::kReserved: return false;
        default: return enabled_;
    }
}

void LocalApic::accept(const InterruptMessage& message) {
    switch (message.delivery) {
        case DeliveryMode::kFixed:
        case DeliveryMode::kLowestPriority: request(message.vector, message.trigger); break;
        case DeliveryMode::kSmi: smi_.pulse(); break;
        case DeliveryMode::kNmi: nmi_.pulse(); break;
        case DeliveryMode::kInit: receive_init(); break;
        case DeliveryMode::kStartUp:
            if (std::exchange(waits_for_start_up_, false)) wiring_.start_up(message.vector);
            break;
        case DeliveryMode::kExternal: external_request_ = true; break;
        case DeliveryMode::kReserved: break;
    }
    update();
}

// Into IRR; TMR remembers how it came.
void LocalApic::request(u8 vector, TriggerMode trigger) {
    if (vector < kFirstMessageVector) return raise_error(kErrorReceiveVector);
    requests_.insert(vector);
    trigger_mode_.set(vector, trigger == TriggerMode::kLevel);
}

// As reset, but the ID stays (SDM 3A 10.4.7.3).
void LocalApic::initialize() {
    power_up_state();
    waits_for_start_up_ = !is_bsp();
    update();
}

void LocalApic::receive_init() {
    initialize();
    init_.pulse();
}

// --- to the bus ---

void LocalApic::send_command() {
    const auto shorthand = static_cast<Shorthand>(command_ >> kShorthandShift & kShorthandMask);
    InterruptMessage message;
    message.vector = vector_of(command_);
    message.delivery = static_cast<DeliveryMode>(command_ >> kDeliveryShift & kDeliveryMask);
    message.destination = command_destination_;
    if (command_ & kCommandLogical) message.destination_mode = DestinationMode::kLogical;
    if (!valid_command(shorthand, message.delivery)) return;
    if (message.is_fixed() && message.vector < kFirstMessageVector)
        return raise_error(kErrorSendVector);
    // INIT level de-assert synchronised arbitration once; a Pentium 4 does nothing (10.6.1). It
    // sends everything else as an asserted edge, whatever the level and trigger bits say.
    if (message.delivery == DeliveryMode::kInit && (command_ & kTriggerLevel) &&
        !(command_ & kCommandAssert))
        return;
    switch (shorthand) {
        case Shorthand::kNone: wiring_.bus.deliver(message); break;
        case Shorthand::kSelf:
            if (accepts(message)) accept(message);
            break;
        case Shorthand::kAll:
            message.destination = kBroadcast;
            wiring_.bus.deliver(message);
            break;
        case Shorthand::kOthers: wiring_.bus.deliver_to_others(*this, message); break;
    }
}

// --- local sources (SDM 3A 10.5) ---

void LocalApic::set_pin(unsigned pin, bool level) {
    if (level == pins_[pin]) return;
    const bool was_asserted = asserted(pin);
    pins_[pin] = level;
    const bool edge = enabled_ ? !was_asserted : level;
    if (!enabled_ && edge && pin == 1) nmi_.pulse();  // the pins are INTR and NMI
    if (enabled_ && edge && !level_triggered(pin)) deliver_local(entry_of(pin));
    update();
}

// An event at an entry of the local vector table: an edge, except for what deliver_level_pins does.
void LocalApic::deliver_local(LvtEntry entry) {
    if (!enabled_ || (lvt_[entry] & kLvtMasked)) return;
    switch (delivery_of(entry)) {
        case DeliveryMode::kFixed: request(vector_of(lvt_[entry]), TriggerMode::kEdge); break;
        case DeliveryMode::kSmi: smi_.pulse(); break;
        case DeliveryMode::kNmi: nmi_.pulse(); break;
        case DeliveryMode::kInit: receive_init(); break;
        default: break;  // ExtINT is a level that interrupt_wanted() looks at
    }
    update();
}

// Fixed and level-triggered: requested again after each EOI while the pin is asserted.
void LocalApic::deliver_level_pins() {
    for (unsigned pin = 0; pin < kPins; ++pin) {
        u32& lvt = lvt_[entry_of(pin)];
        if ((lvt & (kLvtMasked | kLvtRemoteIrr)) || !level_triggered(pin) || !asserted(pin))
            continue;
        if (vector_of(lvt) >= kFirstMessageVector) lvt |= kLvtRemoteIrr;
        request(vector_of(lvt), TriggerMode::kLevel);
    }
}

// The first error since the status was written interrupts; the write arms it again (10.5.3).
void LocalApic::raise_error(u32 error) {
    const bool armed = pending_errors_ == 0;
    pending_errors_ |= error;
    if (armed) deliver_local(kError);
}

// --- the timer ---

// Nobody waits for an expiry while it is masked or its request stands already: that one is past.
void LocalApic::settle_timer() {
    const bool awaited = wiring_.scheduler.scheduled(timer_event_);
    if (timer_.advance(wiring_.scheduler.now()) && awaited) deliver_local(kTimer);
}

void LocalApic::timer_event() {
    if (timer_.advance(wiring_.scheduler.now())) deliver_local(kTimer);
    update();
}

void LocalApic::schedule_timer() {
    const u32 lvt = lvt_[kTimer];
    const bool seen = vector_of(lvt) < kFirstMessageVector
                          ? (pending_errors_ & kErrorReceiveVector) == 0
                          : !requests_.contains(vector_of(lvt));
    const bool awaited = enabled_ && !(lvt & kLvtMasked) && seen;
    wiring_.scheduler.schedule_at(timer_event_, awaited ? timer_.next_expiry() : Scheduler::kNever);
}

void LocalApic::update() {
    if (enabled_) deliver_level_pins();
    schedule_timer();
    interrupt_.set(interrupt_wanted());
}

}  // namespace seventeen::devices
