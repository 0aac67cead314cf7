// Frames in and out of the queues of virtio's network card, and the commands for its filters.
#include "devices/virtio_net.h"

#include <algorithm>

#include "core/snapshot.h"
#include "devices/virtio_registers.h"

namespace seventeen::devices {

namespace {

// Features (VIRTIO 1.2, 5.1.3).
constexpr u64 kMac = 1u << 5;
constexpr u64 kMergeBuffers = 1u << 15;
constexpr u64 kStatus = 1u << 16;
constexpr u64 kControlQueue = 1u << 17;
constexpr u64 kControlReceive = 1u << 18;
constexpr u64 kControlReceiveExtra = 1u << 20;
constexpr u64 kControlMac = 1u << 23;
constexpr u64 kFeatures = kMac | kMergeBuffers | kStatus | kControlQueue | kControlReceive |
                          kControlReceiveExtra | kControlMac;

constexpr unsigned kReceiveQueue = 0;
constexpr unsigned kTransmitQueue = 1;

// Device configuration (5.1.4): the address and the status.
constexpr unsigned kStatusField = 6;
constexpr u8 kLinkUp = 1;

// The header before a frame (5.1.6): all zeros, for want of offloads, but for the last field, which
// legacy drivers know only where buffers are merged.
constexpr std::size_t kLegacyHeaderSize = 10;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kBufferCount = 10;

constexpr std::size_t kEthernetHeaderSize = 14;
constexpr VirtioNet::MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// Commands (5.1.6.5): class in the low byte, as it comes first.
constexpr unsigned kReceiveClass = 0;
constexpr unsigned kPromiscuous = 0x0000;
constexpr unsigned kAllMulticast = 0x0100;
constexpr unsigned kAllUnicast = 0x0200;
constexpr unsigned kNoMulticast = 0x0300;
constexpr unsigned kNoUnicast = 0x0400;
constexpr unsigned kNoBroadcast = 0x0500;
constexpr unsigned kSetTable = 0x0001;
constexpr unsigned kSetAddress = 0x0101;
constexpr u8 kAcknowledged = 0;
constexpr u8 kRefused = 1;

VirtioKind kind() {
    VirtioKind kind;
    kind.device = 1;
    kind.transitional = 0x1000;
    kind.class_code = 0x020000;
    kind.features = kFeatures;
    kind.queues = 3;
    kind.queue_size = VirtioNet::kQueueSize;
    return kind;
}

}  // namespace

VirtioNet::VirtioNet(std::string name, DmaPort& memory, const MacAddress& address)
    : VirtioPci(memory, kind()),
      name_(std::move(name)),
      permanent_(address),
      address_(address),
      sent_(kLargestFrame) {}

void VirtioNet::connect(NetworkPort* peer) {
    const bool changes = (peer == nullptr) != (peer_ == nullptr);
    peer_ = peer;
    if (changes) config_changed();
}

u8 VirtioNet::read_device_config(unsigned offset) const {
    if (offset < address_.size()) return address_[offset];
    return offset == kStatusField && peer_ != nullptr ? kLinkUp : u8{0};
}

// The old way to change the address (5.1.4.2).
void VirtioNet::write_device_config(unsigned offset, u8 value) {
    if (offset < address_.size() && !negotiated(virtio::kVersion1)) address_[offset] = value;
}

void VirtioNet::reset_device() {
    address_ = permanent_;
    filters_ = {};
}

bool VirtioNet::keeps_chains(unsigned queue) const {
    return queue == kReceiveQueue;
}

std::optional<u64> VirtioNet::serve(unsigned queue, VirtioChain& chain) {
    return queue == kTransmitQueue ? transmit(chain) : control(chain);
}

std::size_t VirtioNet::header_size() const {
    return negotiated(kMergeBuffers | virtio::kVersion1) ? kHeaderSize : kLegacyHeaderSize;
}

// --- sending ---

std::optional<u64> VirtioNet::transmit(VirtioChain& chain) {
    const std::size_t header = header_size();
    if (chain.readable.left() < header) return {};
    chain.readable.skip(header);
    const u64 size = chain.readable.left();
    if (peer_ == nullptr || size < kEthernetHeaderSize || size > kLargestFrame) return 0;
    const std::span<u8> frame = std::span(sent_).first(size);
    chain.readable.read(memory(), frame);
    peer_->receive(frame);
    return 0;
}

// --- receiving ---

bool VirtioNet::wanted(std::span<const u8> frame) const {
    if (filters_.promiscuous) return true;
    MacAddress to{};
    std::copy_n(frame.begin(), to.size(), to.begin());
    if (to == kBroadcast) return !filters_.no_broadcast;
    const bool group = (to[0] & 1) != 0;
    const Filter& filter = group ? filters_.multicast : filters_.unicast;
    if (filter.none) return false;
    if (filter.all || filter.overflow || (!group && to == address_)) return true;
    return std::find(filter.addresses.begin(), filter.addresses.end(), to) !=
           filter.addresses.end();
}

void VirtioNet::receive(std::span<const u8> frame) {
    // What is being received may itself have a card send something to this one.
    if (receiving_ || !driver_ok()) return;
    if (frame.size() < kEthernetHeaderSize || frame.size() > kLargestFrame || !wanted(frame))
        return;
    VirtioQueue* queue = ready(kReceiveQueue);
    if (queue == nullptr) return;
    const Scope receiving(receiving_);
    const Scope transfer = moving();
    deliver(*queue, frame);
    settle(*queue);
}

// Takes as many chains as hold `size` bytes, or none at all. Only one where the driver does not
// merge; each has room for a header (5.1.6.3.1).
bool VirtioNet::take_room(VirtioQueue& queue, u64 size, std::vector<VirtioChain>& chains) {
    const u16 most = std::min<u16>(queue.available(), negotiated(kMergeBuffers) ? kQueueSize : 1);
    for (u64 room = 0; room < size; room += chains.back().writable.left()) {
        if (chains.size() == most) {
            queue.give_back(static_cast<u16>(chains.size()));
            return false;
        }
        if (!queue.take(chains.emplace_back())) return false;
        if (chains.back().writable.left() < header_size()) queue.fail();
        if (queue.broken()) return false;
    }
    return true;
}

// The driver sees all buffers of a frame at once (5.1.6.4.1).
void VirtioNet::deliver(VirtioQueue& queue, std::span<const u8> frame) {
    std::vector<VirtioChain> chains;
    const std::size_t header_length = header_size();
    if (!take_room(queue, header_length + frame.size(), chains)) return;
    std::array<u8, kHeaderSize> header{};
    header[kBufferCount] = static_cast<u8>(chains.size());
    header[kBufferCount + 1] = static_cast<u8>(chains.size() >> 8);
    std::size_t written =
        chains.front().writable.write(memory(), std::span<const u8>(header).first(header_length));
    for (VirtioChain& chain : chains) {
        const std::size_t part = chain.writable.write(memory(), frame);
        frame = frame.subspan(part);
        queue.put_used(chain, written + part);
        written = 0;
    }
    queue.publish();
}

// --- commands ---

std::optional<u64> VirtioNet::control(VirtioChain& chain) {
    std::array<u8, 2> which{};
    if (chain.readable.read(memory(), which) < which.size()) return {};
    const u8 answer =
        command(which[0] | unsigned{which[1]} << 8, chain.readable) ? kAcknowledged : kRefused;
    if (chain.writable.write(memory(), {&answer, 1}) == 0) return {};
    return 1;
}

bool VirtioNet::command(unsigned which, VirtioBytes& data) {
    if ((which & 0xff) == kReceiveClass) return set_mode(which, data);
    if (which == kSetTable) return set_table(data);
    return which == kSetAddress && set_address(data);
}

bool VirtioNet::set_mode(unsigned which, VirtioBytes& data) {
    std::array<u8, 1> on{};
    if (data.read(memory(), on) < on.size()) return false;
    bool* mode = nullptr;
    switch (which) {
        case kPromiscuous: mode = &filters_.promiscuous; break;
        case kAllMulticast: mode = &filters_.multicast.all; break;
        case kAllUnicast: mode = &filters_.unicast.all; break;
        case kNoMulticast: mode = &filters_.multicast.none; break;
        case kNoUnicast: mode = &filters_.unicast.none; break;
        case kNoBroadcast: mode = &filters_.no_broadcast; break;
        default: return false;
    }
    *mode = on[0] != 0;
    return true;
}

// Unicast addresses first, then multicast ones; a malformed command changes nothing.
bool VirtioNet::set_table(VirtioBytes& data) {
    Filters filters = filters_;
    if (!read_table(data, filters.unicast) || !read_table(data, filters.multicast)) return false;
    filters_ = std::move(filters);
    return true;
}

bool VirtioNet::read_table(VirtioBytes& data, Filter& filter) {
    std::array<u8, 4> bytes{};
    if (data.read(memory(), bytes) < bytes.size()) return false;
    const u64 count = virtio::little_endian<u32>(bytes.data());
    const u64 size = count * MacAddress{}.size();
    if (size > data.left()) return false;
    filter.addresses.clear();
    filter.overflow = count > kFilterSize;
    if (filter.overflow) {
        data.skip(size);
        return true;
    }
    for (u64 i = 0; i < count; ++i) data.read(memory(), filter.addresses.emplace_back());
    return true;
}

bool VirtioNet::set_address(VirtioBytes& data) {
    MacAddress address{};
    if (data.left() != address.size()) return false;
    data.read(memory(), address);
    address_ = address;
    return true;
}

// --- snapshots ---

void VirtioNet::save_device(Writer& writer) const {
    writer.bytes(address_.data(), address_.size());
    writer.put(filters_.promiscuous);
    writer.put(filters_.no_broadcast);
    for (const Filter* filter : {&filters_.unicast, &filters_.multicast}) {
        for (const bool flag : {filter->all, filter->none, filter->overflow}) writer.put(flag);
        writer.put(static_cast<u8>(filter->addresses.size()));
        for (const MacAddress& address : filter->addresses)
            writer.bytes(address.data(), address.size());
    }
}

void VirtioNet::restore_device(Reader& reader) {
    reader.bytes(address_.data(), address_.size());
    reader.get(filters_.promiscuous);
    reader.get(filters_.no_broadcast);
    for (Filter* filter : {&filters_.unicast, &filters_.multicast}) {
        for (bool* flag : {&filter->all, &filter->none, &filter->overflow}) reader.get(*flag);
        const u8 count = reader.get<u8>();
        if (count > kFilterSize) reader.damaged("more addresses than its filter holds");
        filter->addresses.assign(count, {});
        for (MacAddress& address : filter->addresses) reader.bytes(address.data(), address.size());
    }
}

}  // namespace seventeen::devices
