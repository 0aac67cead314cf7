// The 82093AA's indirect registers, its redirection entries and what they send.
#include "devices/io_apic.h"

#include "core/check.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kSnapshotVersion = 1;

// Directly mapped registers.
constexpr u64 kSelect = 0x00;          // IOREGSEL
constexpr u64 kWindow = 0x10;          // IOWIN
constexpr u64 kEndOfInterrupt = 0x40;  // since version 20h

// Registers behind the window.
constexpr u8 kId = 0x00;
constexpr u8 kVersion = 0x01;
constexpr u8 kArbitration = 0x02;
constexpr u8 kFirstEntry = 0x10;  // two registers each, the lower half first
constexpr u8 kEntryEnd = kFirstEntry + 2 * IoApic::kPins;

constexpr unsigned kIdShift = 24;
constexpr u32 kIdMask = 0x0f;
constexpr u32 kVersionValue = (IoApic::kPins - 1) << 16 | 0x20;

// A redirection entry (datasheet, 3.2.4). Delivery status (bit 12) always reads idle.
constexpr u64 kVector = 0xff;
constexpr unsigned kDeliveryShift = 8;
constexpr u64 kDelivery = 7 << kDeliveryShift;
constexpr u64 kLogical = 1 << 11;
constexpr u64 kActiveLow = 1 << 13;
constexpr u64 kRemoteIrr = 1 << 14;  // read only
constexpr u64 kLevel = 1 << 15;
constexpr u64 kMasked = 1 << 16;
constexpr unsigned kDestinationShift = 56;
constexpr u64 kDestination = u64{0xff} << kDestinationShift;
constexpr u64 kWritable =
    kDestination | kMasked | kLevel | kActiveLow | kLogical | kDelivery | kVector;

InterruptMessage message_of(u64 entry) {
    InterruptMessage message;
    message.vector = static_cast<u8>(entry & kVector);
    message.delivery = static_cast<DeliveryMode>((entry & kDelivery) >> kDeliveryShift);
    if (entry & kLogical) message.destination_mode = DestinationMode::kLogical;
    if (entry & kLevel) message.trigger = TriggerMode::kLevel;
    message.destination = static_cast<u8>(entry >> kDestinationShift);
    return message;
}

// NMI and INIT are "always treated as edge triggered", SMI and ExtINT must be programmed so.
bool level_triggered(u64 entry) {
    return (entry & kLevel) && message_of(entry).is_fixed();
}

}  // namespace

bool IoApic::asserted(unsigned pin) const {
    const bool active_low = polarity_ == Polarity::kHonoured && (entries_[pin] & kActiveLow);
    return input(pin) != active_low;
}

// Edges on a masked pin are lost (datasheet, 3.2.4, "Interrupt mask").
void IoApic::set_input(unsigned pin, bool level) {
    check(pin < kPins, "an 82093AA has 24 inputs");
    if (level == input(pin)) return;
    inputs_ ^= u32{1} << pin;
    if (level_triggered(entries_[pin]))
        serve_level(pin);
    else if (asserted(pin) && !(entries_[pin] & kMasked))
        send(pin);
}

bool IoApic::send(unsigned pin) {
    InterruptMessage message = message_of(entries_[pin]);
    if (!message.is_fixed()) message.trigger = TriggerMode::kEdge;
    return target_.deliver(message);
}

// Sent once and then not before the EOI. Where no local APIC accepts it, it is sent again when the
// entry, the pin or another EOI gives occasion.
void IoApic::serve_level(unsigned pin) {
    if (!level_triggered(entries_[pin]) || (entries_[pin] & (kMasked | kRemoteIrr)) ||
        !asserted(pin))
        return;
    if (send(pin)) entries_[pin] |= kRemoteIrr;
}

void IoApic::end_of_interrupt(u8 vector) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
        if (!level_triggered(entries_[pin]) || (entries_[pin] & kVector) != vector) continue;
        entries_[pin] &= ~kRemoteIrr;
        serve_level(pin);
    }
}

// Both registers are 32 bits wide; the window must be accessed so.
u64 IoApic::read(unsigned, u64 offset, Width width) {
    if (offset == kSelect) return select_;
    return offset == kWindow && width == sizeof(u32) ? read_window() : 0;
}

void IoApic::write(unsigned, u64 offset, u64 value, Width width) {
    if (offset == kSelect)
        select_ = static_cast<u8>(value);
    else if (offset == kWindow && width == sizeof(u32))
        write_window(static_cast<u32>(value));
    else if (offset == kEndOfInterrupt && width == sizeof(u32))
        end_of_interrupt(static_cast<u8>(value));
}

u32 IoApic::read_window() const {
    if (select_ >= kFirstEntry && select_ < kEntryEnd) {
        const u64 entry = entries_[(select_ - kFirstEntry) / 2];
        return static_cast<u32>(select_ % 2 ? entry >> 32 : entry);
    }
    switch (select_) {
        case kId:
        case kArbitration: return u32{id_} << kIdShift;  // loaded together
        case kVersion: return kVersionValue;
        default: return 0;
    }
}

void IoApic::write_window(u32 value) {
    if (select_ == kId) id_ = static_cast<u8>(value >> kIdShift & kIdMask);
    if (select_ < kFirstEntry || select_ >= kEntryEnd) return;
    const unsigned pin = (select_ - kFirstEntry) / 2u;
    const unsigned shift = select_ % 2 ? 32 : 0;
    const u64 half = u64{0xffff'ffff} << shift;
    u64& entry = entries_[pin];
    entry = (entry & (~half | kRemoteIrr)) | (u64{value} << shift & kWritable);
    // Linux ends an interrupt by making it an edge for a moment, where it knows no EOI register.
    if (!level_triggered(entry)) entry &= ~kRemoteIrr;
    serve_level(pin);
}

void IoApic::reset() {
    entries_.fill(kMasked);
    select_ = 0;
    id_ = 0;
}

void IoApic::save(Writer& writer) const {
    writer.begin(name(), kSnapshotVersion);
    for (const u64 entry : entries_) writer.put(entry);
    writer.put(inputs_);
    writer.put(select_);
    writer.put(id_);
    writer.end();
}

void IoApic::restore(Reader& reader) {
    reader.begin(name(), kSnapshotVersion, kSnapshotVersion);
    for (u64& entry : entries_) {
        reader.get(entry);
        const u64 status = level_triggered(entry) ? kRemoteIrr : 0;
        if (entry & ~(kWritable | status)) reader.damaged("an entry has reserved bits set");
    }
    reader.get(inputs_);
    reader.get(select_);
    reader.get(id_);
    if (inputs_ >> kPins || id_ > kIdMask) reader.damaged("reserved bits are set");
    reader.end();
}

}  // namespace seventeen::devices
