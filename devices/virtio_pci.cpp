// The registers of virtio over PCI, modern and legacy, and the negotiation behind them.
#include "devices/virtio_pci.h"

#include <array>

#include "core/snapshot.h"
#include "devices/virtio_registers.h"

namespace seventeen::devices {

using namespace virtio;

namespace {

constexpr u32 kVersion = 1;

constexpr u64 kTransportFeatures = kAnyLayout | kIndirectDescriptors | kEventIndex | kVersion1;

// PCI configuration space.
constexpr unsigned kCommand = 0x04;
constexpr u8 kCommandMaster = 0x04;

constexpr u64 ones(Width width) {
    return ~u64{0} >> (64 - 8 * width);
}

u32 half(u64 value, bool high) {
    return static_cast<u32>(high ? value >> 32 : value);
}

void set_half(u64& value, bool high, u32 bits) {
    value = high ? (value & 0xffff'ffff) | u64{bits} << 32 : (value & ~u64{0xffff'ffff}) | bits;
}

}  // namespace

VirtioPci::VirtioPci(DmaPort& memory, const VirtioKind& kind)
    : VirtioFunction(kind.device, kind.transitional, kind.class_code),
      memory_(memory),
      offered_(kind.features | kTransportFeatures),
      queues_(kind.queues, VirtioQueue(memory, kind.queue_size)) {}

// --- negotiation ---

u64 VirtioPci::modern_features() const {
    return offered_ & ~kAnyLayout;
}

u32 VirtioPci::legacy_features() const {
    return static_cast<u32>(offered_);
}

bool VirtioPci::negotiated(u64 feature) const {
    return (accepted_ & offered_ & feature) != 0;
}

bool VirtioPci::driver_ok() const {
    return (status_ & kDriverOk) != 0;
}

void VirtioPci::accept_features(u64 features) {
    if ((status_ & kFeaturesOk) != 0) return;  // they are settled (2.2.2)
    accepted_ = features;
    for (VirtioQueue& queue : queues_) queue.use_events(negotiated(kEventIndex));
}

// FEATURES_OK stays clear where the driver accepted what was not offered, or is a legacy driver at
// the modern interface (2.2.2, 6.2).
void VirtioPci::write_status(u8 value) {
    if (value == 0) return reset_virtio();
    const bool acceptable = (accepted_ & ~modern_features()) == 0 && (accepted_ & kVersion1) != 0;
    if (!acceptable) value &= static_cast<u8>(~kFeaturesOk);
    const u8 raised = value & static_cast<u8>(~status_);
    status_ = static_cast<u8>((value & ~kNeedsReset) | (status_ & kNeedsReset));
    status_raised(raised);
    if ((raised & kDriverOk) != 0) notify_all();
}

void VirtioPci::reset_virtio() {
    accepted_ = 0;
    device_feature_select_ = driver_feature_select_ = 0;
    queue_select_ = 0;
    status_ = 0;
    interrupt_status_ = 0;
    broken_ = false;
    for (VirtioQueue& queue : queues_) queue.reset();
    show_interrupt(interrupt_status_ != 0);
    reset_device();
}

void VirtioPci::reset() {
    reset_config();
    reset_virtio();
    generation_ = 0;
    config_changed_ = false;
}

// --- queues ---

VirtioQueue* VirtioPci::selected() {
    return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

const VirtioQueue* VirtioPci::selected() const {
    return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

void VirtioPci::enable(VirtioQueue& queue) {
    queue.use_events(negotiated(kEventIndex));
    queue.enable();
}

// Legacy drivers may use a queue before they set DRIVER_OK (3.1.2).
VirtioQueue* VirtioPci::ready(unsigned index) {
    if (index >= queues_.size() || broken_ || !bus_master_enabled()) return nullptr;
    constexpr u8 kBoth = kFeaturesOk | kDriverOk;
    if (negotiated(kVersion1) && (status_ & kBoth) != kBoth) return nullptr;
    VirtioQueue& queue = queues_[index];
    return queue.enabled() ? &queue : nullptr;
}

// Serves what is available now, and not what the data that is moved makes available meanwhile:
// there need be no end to that.
void VirtioPci::notify(unsigned index) {
    VirtioQueue* queue = ready(index);
    if (queue == nullptr) return;
    const Scope scope = moving();
    if (!keeps_chains(index)) {
        VirtioChain chain;
        for (u16 count = queue->available(); count != 0 && queue->take(chain); --count) {
            const std::optional<u64> written = serve(index, chain);
            if (!written) {
                queue->fail();
                break;
            }
            queue->put_used(chain, *written);
            queue->publish();
        }
    }
    settle(*queue);
}

void VirtioPci::notify_all() {
    for (unsigned i = 0; i < queues_.size(); ++i) notify(i);
}

void VirtioPci::settle(VirtioQueue& queue) {
    if (queue.wants_interrupt()) raise(kQueueInterrupt);
    if (!queue.broken()) return queue.ask_for_notification();
    if (broken_) return;
    broken_ = true;
    if (!negotiated(kVersion1)) return;  // legacy drivers know no such bit
    status_ |= kNeedsReset;
    if (driver_ok()) raise(kConfigInterrupt);  // 2.1.2
}

// --- interrupts ---

void VirtioPci::config_changed() {
    config_changed_ = true;
    if (driver_ok()) raise(kConfigInterrupt);
}

void VirtioPci::raise(u8 interrupt) {
    interrupt_status_ |= interrupt;
    show_interrupt(interrupt_status_ != 0);
}

u8 VirtioPci::take_interrupt_status() {
    const u8 status = interrupt_status_;
    interrupt_status_ = 0;
    show_interrupt(interrupt_status_ != 0);
    return status;
}

// --- registers ---

u64 VirtioPci::read(unsigned region, u64 offset, Width width) {
    if (moving_) return ones(width);
    u64 value = 0;
    for (unsigned i = 0; i < width; ++i) value |= u64{read_byte(region, offset + i)} << 8 * i;
    return value;
}

u8 VirtioPci::read_byte(unsigned region, u64 offset) {
    const unsigned at = static_cast<unsigned>(offset % kStructureSize);
    if (region == kLegacy) {
        if (offset >= kLegacyConfig) return read_config_byte(offset - kLegacyConfig);
        if (offset == kLegacyInterruptStatus) return take_interrupt_status();
        return static_cast<u8>(legacy_register(at & ~3u) >> 8 * (at & 3));
    }
    switch (offset - at) {
        case kCommonStructure: return static_cast<u8>(common_register(at & ~3u) >> 8 * (at & 3));
        case kInterruptStructure: return at == 0 ? take_interrupt_status() : u8{0};
        case kConfigStructure: return read_config_byte(at);
        default: return 0;
    }
}

// The generation changes when a change is seen, so that it cannot come round unseen (4.1.4.3.1).
u8 VirtioPci::read_config_byte(u64 offset) {
    if (config_changed_) ++generation_;
    config_changed_ = false;
    return read_device_config(static_cast<unsigned>(offset));
}

u32 VirtioPci::legacy_register(unsigned offset) const {
    const VirtioQueue* queue = selected();
    switch (offset) {
        case kLegacyDeviceFeatures: return legacy_features();
        case kLegacyDriverFeatures: return static_cast<u32>(accepted_);
        case kLegacyQueueAddress:
            if (queue == nullptr || !queue->enabled()) return 0;
            return static_cast<u32>(queue->rings().descriptors / kLegacyAlignment);
        case kLegacyQueueSize:
            return u32{queue == nullptr ? u16{0} : queue->size()} | u32{queue_select_} << 16;
        default: return u32{status_} << 16;
    }
}

u32 VirtioPci::common_register(unsigned offset) const {
    const bool features_high = device_feature_select_ == 1;
    const bool accepted_high = driver_feature_select_ == 1;
    switch (offset) {
        case kDeviceFeatureSelect: return device_feature_select_;
        case kDeviceFeature:
            return device_feature_select_ > 1 ? 0 : half(modern_features(), features_high);
        case kDriverFeatureSelect: return driver_feature_select_;
        case kDriverFeature: return driver_feature_select_ > 1 ? 0 : half(accepted_, accepted_high);
        case kMsixVector: return kNoVector | static_cast<u32>(queues_.size()) << 16;
        case kStatus: return u32{status_} | u32{generation_} << 8 | u32{queue_select_} << 16;
        default: break;
    }
    const VirtioQueue* queue = selected();
    if (queue == nullptr) return 0;
    const bool high = (offset & 4) != 0;
    switch (offset & ~7u) {
        case kQueueDescriptors: return half(queue->rings().descriptors, high);
        case kQueueAvailable: return half(queue->rings().available, high);
        case kQueueUsed: return half(queue->rings().used, high);
        default: break;
    }
    if (offset == kQueueSize) return u32{queue->size()} | u32{kNoVector} << 16;
    // A queue's place to notify at is its number.
    if (offset == kQueueEnable) return u32{queue->enabled()} | u32{queue_select_} << 16;
    return 0;
}

void VirtioPci::write(unsigned region, u64 offset, u64 value, Width width) {
    if (moving_) return;
    const unsigned at = static_cast<unsigned>(offset % kStructureSize);
    const u32 bits = static_cast<u32>(value);
    if (region == kLegacy)
        return at >= kLegacyConfig ? write_config_bytes(at - kLegacyConfig, value, width)
                                   : write_legacy(at, bits);
    switch (offset - at) {
        case kCommonStructure: return write_common(at, bits);
        case kConfigStructure: return write_config_bytes(at, value, width);
        case kNotifyStructure:
            if (at % kNotifyMultiplier == 0) notify(at / kNotifyMultiplier);
            return;
        default: return;
    }
}

void VirtioPci::write_config_bytes(unsigned offset, u64 value, Width width) {
    for (unsigned i = 0; i < width; ++i)
        write_device_config(offset + i, static_cast<u8>(value >> 8 * i));
}

// Registers are written at their own width, or ignored in what is beyond it (4.1.3.1).
void VirtioPci::write_legacy(unsigned offset, u32 value) {
    switch (offset) {
        case kLegacyDriverFeatures: accept_features(value & legacy_features()); return;
        case kLegacyQueueAddress: place_legacy_queue(value); return;
        case kLegacyQueueSelect: queue_select_ = static_cast<u16>(value); return;
        case kLegacyQueueNotify: notify(value & 0xffff); return;
        case kLegacyStatus:
            // Linux before 2.6.34 does not enable bus mastering; QEMU does it here, too.
            if ((value & 0xff) == kAcknowledgeAndDriver)
                set_config(kCommand, config(kCommand) | kCommandMaster);
            write_status(static_cast<u8>(value));
            return;
        default: return;
    }
}

// One page number says where all three parts are (2.7.2); 0 stops the queue.
void VirtioPci::place_legacy_queue(u32 page) {
    VirtioQueue* queue = selected();
    if (queue == nullptr) return;
    queue->reset();
    if (page == 0) return;
    VirtioQueue::Rings rings;
    rings.descriptors = page * kLegacyAlignment;
    rings.available = rings.descriptors + 16u * queue->size();
    const u64 end = rings.available + 2u * (3u + queue->size());
    rings.used = (end + kLegacyAlignment - 1) & ~(kLegacyAlignment - 1);
    queue->set_rings(rings);
    enable(*queue);
}

void VirtioPci::write_common(unsigned offset, u32 value) {
    switch (offset) {
        case kDeviceFeatureSelect: device_feature_select_ = value; return;
        case kDriverFeatureSelect: driver_feature_select_ = value; return;
        case kDriverFeature: {
            u64 features = accepted_;
            set_half(features, driver_feature_select_ == 1, value);
            if (driver_feature_select_ <= 1) accept_features(features);
            return;
        }
        case kStatus: write_status(static_cast<u8>(value)); return;
        case kQueueSelect: queue_select_ = static_cast<u16>(value); return;
        default: break;
    }
    VirtioQueue* queue = selected();
    if (queue == nullptr || queue->enabled()) return;
    if (offset == kQueueSize) queue->set_size(static_cast<u16>(value));
    // Queues are set up after the features (3.1.1).
    if (offset == kQueueEnable && value == 1 && (status_ & kFeaturesOk) != 0) enable(*queue);
    if (offset >= kQueueDescriptors && offset < kCommonEnd) write_ring(offset, value);
}

void VirtioPci::write_ring(unsigned offset, u32 value) {
    VirtioQueue& queue = *selected();
    VirtioQueue::Rings rings = queue.rings();
    const bool high = (offset & 4) != 0;
    switch (offset & ~4u) {
        case kQueueDescriptors: set_half(rings.descriptors, high, value); break;
        case kQueueAvailable: set_half(rings.available, high, value); break;
        case kQueueUsed: set_half(rings.used, high, value); break;
        default: return;
    }
    queue.set_rings(rings);
}

// --- configuration space ---

// A driver that waited for the bus is served.
void VirtioPci::config_written(unsigned offset, u8 old) {
    if (offset == kCommand && (old & kCommandMaster) == 0 && bus_master_enabled()) notify_all();
}

// --- snapshots ---

void VirtioPci::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    writer.put(accepted_);
    for (const u32 select : {device_feature_select_, driver_feature_select_}) writer.put(select);
    writer.put(queue_select_);
    for (const u8 byte : {status_, interrupt_status_, generation_}) writer.put(byte);
    for (const bool flag : {config_changed_, broken_}) writer.put(flag);
    for (const VirtioQueue& queue : queues_) queue.save(writer);
    save_device(writer);
    writer.end();
}

void VirtioPci::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_function(reader);
    reader.get(accepted_);
    for (u32* select : {&device_feature_select_, &driver_feature_select_}) reader.get(*select);
    reader.get(queue_select_);
    for (u8* byte : {&status_, &interrupt_status_, &generation_}) reader.get(*byte);
    for (bool* flag : {&config_changed_, &broken_}) reader.get(*flag);
    if ((interrupt_status_ & ~(kQueueInterrupt | kConfigInterrupt)) != 0 ||
        pci_interrupt().level() != (interrupt_status_ != 0))
        reader.damaged("an interrupt for no reason");
    if ((status_ & kFeaturesOk) != 0 && (accepted_ & ~modern_features()) != 0)
        reader.damaged("features that this device does not have");
    for (VirtioQueue& queue : queues_) queue.restore(reader);
    restore_device(reader);
    reader.end();
}

}  // namespace seventeen::devices
