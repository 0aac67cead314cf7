// The local APIC's registers: what a guest reads and writes, reset values, snapshots.
#include "devices/local_apic.h"

#include <utility>

#include "core/snapshot.h"
#include "devices/local_apic_registers.h"

namespace seventeen::devices {

using namespace local_apic;

namespace {

constexpr u32 kSnapshotVersion = 1;

// What can be written to each entry of the local vector table (SDM 3A figure 10-8).
constexpr u32 kLvtDelivery = kDeliveryMask << kDeliveryShift;
constexpr u32 kLvtPin = kLvtMasked | kTriggerLevel | kLvtActiveLow | kLvtDelivery | kVector;
constexpr std::array<u32, 6> kLvtWritable{
    kLvtMasked | kLvtPeriodic | kVector,  // timer; without the TSC-deadline mode
    kLvtMasked | kLvtDelivery | kVector,  // thermal
    kLvtMasked | kLvtDelivery | kVector,  // performance
    kLvtPin,
    kLvtPin,
    kLvtMasked | kVector,  // error
};

constexpr bool within(u64 offset, u64 first, unsigned slots) {
    return offset >= first && offset < first + slots * kSlot;
}

u8 top_byte(u32 value) {
    return static_cast<u8>(value >> kTopByteShift);
}
u32 in_top_byte(u8 value) {
    return u32{value} << kTopByteShift;
}

}  // namespace

LocalApic::LocalApic(u8 id, Role role, Wiring wiring)
    : name_("local APIC " + std::to_string(id)),
      initial_id_(id),
      role_(role),
      wiring_(std::move(wiring)),
      timer_event_(wiring_.scheduler.add_event(name_ + " timer", [this] { timer_event(); })),
      id_(id) {
    wiring_.bus.attach(*this);
    reset();
}

u64 LocalApic::read(unsigned, u64 offset, Width width) {
    const u64 byte = offset % kSlot;
    if (byte >= sizeof(u32)) return 0;
    const u64 value = u64{read_register(offset - byte)} >> 8 * byte;
    return width >= sizeof(u64) ? value : value & ((u64{1} << 8 * width) - 1);
}

void LocalApic::write(unsigned, u64 offset, u64 value, Width width) {
    if (width != sizeof(u32) || offset % kSlot != 0) return;
    settle_timer();
    write_register(offset, static_cast<u32>(value));
    update();
}

u32 LocalApic::read_register(u64 offset) {
    const u64 now = wiring_.scheduler.now();
    if (within(offset, kInService, 3 * VectorSet::kWords)) return read_vectors(offset);
    if (within(offset, kLvtTimer, kLvtCount)) return lvt_[(offset - kLvtTimer) / kSlot];
    switch (offset) {
        case kId: return in_top_byte(id_);
        case kVersion: return kVersionValue;
        case kTaskPriority: return task_priority_;
        case kArbitrationPriority: return arbitration_priority();
        case kProcessorPriority: return processor_priority();
        case kEndOfInterrupt: return 0;  // write only
        case kRemoteRead: return 0;      // the P6 family's: no message asks for it
        case kLogicalDestination: return in_top_byte(logical_destination_);
        case kDestinationFormat: return destination_format_;
        case kSpurious: return spurious_;
        case kErrorStatus: return error_status_;
        case kCommandLow: return command_;  // delivery status: always idle
        case kCommandHigh: return in_top_byte(command_destination_);
        case kInitialCount: return timer_.initial_count();
        case kCurrentCount: settle_timer(); return timer_.current_count(now);
        case kDivide: return timer_.divide();
        default: raise_error(kErrorRegister); return 0;
    }
}

u32 LocalApic::read_vectors(u64 offset) const {
    const auto index = static_cast<unsigned>((offset - kInService) / kSlot);
    const VectorSet* const sets[] = {&in_service_, &trigger_mode_, &requests_};
    return sets[index / VectorSet::kWords]->word(index % VectorSet::kWords);
}

void LocalApic::write_register(u64 offset, u32 value) {
    const u64 now = wiring_.scheduler.now();
    if (within(offset, kInService, 3 * VectorSet::kWords)) return;  // read only
    if (within(offset, kLvtTimer, kLvtCount))
        return write_lvt(static_cast<LvtEntry>((offset - kLvtTimer) / kSlot), value);
    switch (offset) {
        case kId: id_ = top_byte(value); return;
        case kTaskPriority: task_priority_ = static_cast<u8>(value); return;
        case kEndOfInterrupt: end_of_interrupt(); return;
        case kLogicalDestination: logical_destination_ = top_byte(value); return;
        case kDestinationFormat: destination_format_ = value | kFormatFixed; return;
        case kSpurious: write_spurious(value); return;
        case kErrorStatus:  // any value: shows what was collected (SDM 3A 10.5.3)
            error_status_ = std::exchange(pending_errors_, 0);
            return;
        case kCommandLow:
            command_ = value & kCommandWritable;
            send_command();
            return;
        case kCommandHigh: command_destination_ = top_byte(value); return;
        case kInitialCount: timer_.set_initial_count(value, now); return;
        case kDivide: timer_.set_divide(value, now); return;
        case kVersion:
        case kArbitrationPriority:
        case kProcessorPriority:
        case kRemoteRead:
        case kCurrentCount: return;  // read only
        default: raise_error(kErrorRegister); return;
    }
}

// While the APIC is disabled by software all entries are masked (SDM 3A 10.4.7.2).
void LocalApic::write_spurious(u32 value) {
    spurious_ = value & kSpuriousWritable;
    if (software_enabled()) return;
    for (u32& entry : lvt_) entry |= kLvtMasked;
}

void LocalApic::write_lvt(LvtEntry entry, u32 value) {
    const bool was_level = (lvt_[entry] & kTriggerLevel) != 0;
    u32 written = value & kLvtWritable[entry];
    if (!software_enabled()) written |= kLvtMasked;
    // An interrupt that waits for its EOI does so while the pin stays level-triggered.
    if (was_level && (written & kTriggerLevel)) written |= lvt_[entry] & kLvtRemoteIrr;
    lvt_[entry] = written;
    if (entry == kTimer) timer_.set_periodic((written & kLvtPeriodic) != 0);
}

// SDM 3A 10.4.7.1.
void LocalApic::power_up_state() {
    external_request_ = false;
    task_priority_ = 0;
    logical_destination_ = 0;
    destination_format_ = kFormatFlat;
    spurious_ = kSpuriousReset;
    command_ = 0;
    command_destination_ = 0;
    error_status_ = 0;
    pending_errors_ = 0;
    in_service_ = {};
    trigger_mode_ = {};
    requests_ = {};
    lvt_.fill(kLvtMasked);
    timer_ = {};
}

void LocalApic::reset() {
    enabled_ = wiring_.present;
    id_ = initial_id_;
    waits_for_start_up_ = !is_bsp();
    power_up_state();
    update();
}

void LocalApic::set_enabled(bool enabled) {
    if (enabled == enabled_ || !wiring_.present) return;
    enabled_ = enabled;
    id_ = initial_id_;
    power_up_state();
    update();
}

void LocalApic::enter_virtual_wire() {
    write_spurious(spurious_ | kSpuriousEnable);
    write_lvt(kLint0, static_cast<u32>(DeliveryMode::kExternal) << kDeliveryShift);
    write_lvt(kLint1, static_cast<u32>(DeliveryMode::kNmi) << kDeliveryShift);
    update();
}

void LocalApic::save(Writer& writer) const {
    writer.begin(name_, kSnapshotVersion);
    for (const bool value : {enabled_, waits_for_start_up_, external_request_, pins_[0], pins_[1]})
        writer.put(value);
    for (const u8 value : {id_, task_priority_, logical_destination_, command_destination_})
        writer.put(value);
    for (const u32 value :
         {destination_format_, spurious_, command_, error_status_, pending_errors_})
        writer.put(value);
    for (const VectorSet* set : {&in_service_, &trigger_mode_, &requests_})
        for (unsigned i = 0; i < VectorSet::kWords; ++i) writer.put(set->word(i));
    for (const u32 entry : lvt_) writer.put(entry);
    timer_.save(writer);
    writer.end();
}

void LocalApic::restore(Reader& reader) {
    reader.begin(name_, kSnapshotVersion, kSnapshotVersion);
    for (bool* value : {&enabled_, &waits_for_start_up_, &external_request_, &pins_[0], &pins_[1]})
        reader.get(*value);
    for (u8* value : {&id_, &task_priority_, &logical_destination_, &command_destination_})
        reader.get(*value);
    for (u32* value :
         {&destination_format_, &spurious_, &command_, &error_status_, &pending_errors_})
        reader.get(*value);
    for (VectorSet* set : {&in_service_, &trigger_mode_, &requests_}) {
        for (unsigned i = 0; i < VectorSet::kWords; ++i) set->set_word(i, reader.get<u32>());
        if (set->word(0) & ((1u << kFirstMessageVector) - 1))
            reader.damaged("an exception's vector is requested or in service");
    }
    for (unsigned i = 0; i < kLvtCount; ++i) {
        reader.get(lvt_[i]);
        const u32 read_only = kLvtWritable[i] & kTriggerLevel ? kLvtRemoteIrr : 0;
        if (lvt_[i] & ~(kLvtWritable[i] | read_only))
            reader.damaged("the local vector table has reserved bits set");
        if (!software_enabled() && !(lvt_[i] & kLvtMasked))
            reader.damaged("a disabled APIC's local interrupts are not masked");
    }
    if (enabled_ && !wiring_.present) reader.damaged("the CPU has no local APIC");
    timer_.restore(reader, wiring_.scheduler.now());
    timer_.set_periodic((lvt_[kTimer] & kLvtPeriodic) != 0);
    if ((spurious_ & ~kSpuriousWritable) || (command_ & ~kCommandWritable) ||
        (error_status_ & ~kErrorMask) || (pending_errors_ & ~kErrorMask) ||
        (destination_format_ & kFormatFixed) != kFormatFixed)
        reader.damaged("reserved bits are set");
    reader.end();
    interrupt_.restore(interrupt_wanted());
}

}  // namespace seventeen::devices
