// Follows descriptor chains and keeps the rings of a split virtqueue.
#include "devices/virtio_queue.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/check.h"
#include "core/snapshot.h"
#include "devices/virtio_registers.h"

namespace seventeen::devices {

namespace {

// A descriptor (VIRTIO 1.2, 2.7.5).
constexpr u64 kDescriptorSize = 16;
constexpr u16 kNext = 1;
constexpr u16 kWritable = 2;
constexpr u16 kIndirect = 4;

// The available ring (2.7.6): flags, index, entries, used_event.
constexpr u16 kNoInterrupt = 1;
constexpr u64 kIndex = 2;
constexpr u64 kEntries = 4;
constexpr u64 kAvailableEntrySize = 2;
// The used ring (2.7.8): flags, index, entries, avail_event.
constexpr u64 kUsedEntrySize = 8;

bool wraps(u64 address, u64 size) {
    return size > ~address;
}

}  // namespace

void VirtioBytes::add(u64 address, u32 size) {
    if (size == 0) return;
    pieces_.push_back({address, size});
    left_ += size;
}

template <typename Part>
std::size_t VirtioBytes::walk(u64 size, Part&& part) {
    size = std::min(size, left_);
    for (u64 done = 0; done < size;) {
        const Piece& piece = pieces_[next_];
        const u32 length = static_cast<u32>(std::min<u64>(size - done, piece.size - used_));
        part(piece.address + used_, done, length);
        done += length;
        left_ -= length;
        used_ += length;
        if (used_ < piece.size) continue;
        used_ = 0;
        ++next_;
    }
    return size;
}

std::size_t VirtioBytes::read(DmaPort& memory, std::span<u8> into) {
    return walk(into.size(), [&](u64 address, u64 done, u32 size) {
        memory.dma_read({address}, into.data() + done, size);
    });
}

std::size_t VirtioBytes::write(DmaPort& memory, std::span<const u8> from) {
    return walk(from.size(), [&](u64 address, u64 done, u32 size) {
        memory.dma_write({address}, from.data() + done, size);
    });
}

void VirtioBytes::skip(u64 size) {
    walk(size, [](u64, u64, u32) {});
}

std::optional<u64> VirtioBytes::take_last() {
    check(next_ == 0 && used_ == 0, "the last byte is cut off first");
    if (pieces_.empty()) return {};
    Piece& piece = pieces_.back();
    const u64 address = piece.address + --piece.size;
    if (piece.size == 0) pieces_.pop_back();
    --left_;
    return address;
}

VirtioQueue::VirtioQueue(DmaPort& memory, u16 largest)
    : memory_(memory), largest_(largest), size_(largest) {
    check(std::has_single_bit(largest), "a queue's size is a power of two");
}

void VirtioQueue::reset() {
    size_ = largest_;
    rings_ = {};
    enabled_ = broken_ = use_events_ = false;
    next_ = used_ = pending_ = announced_ = 0;
}

void VirtioQueue::set_size(u16 size) {
    if (!enabled_ && std::has_single_bit(size) && size <= largest_) size_ = size;
}

void VirtioQueue::enable() {
    enabled_ = true;
    const u64 largest_part = kDescriptorSize * size_;
    for (const u64 part : {rings_.descriptors, rings_.available, rings_.used})
        if (wraps(part, largest_part)) fail();
}

u16 VirtioQueue::read16(u64 address) {
    std::array<u8, 2> bytes{};
    memory_.dma_read({address}, bytes.data(), bytes.size());
    return virtio::little_endian<u16>(bytes.data());
}

void VirtioQueue::write16(u64 address, u16 value) {
    const std::array<u8, 2> bytes = {static_cast<u8>(value), static_cast<u8>(value >> 8)};
    memory_.dma_write({address}, bytes.data(), bytes.size());
}

u16 VirtioQueue::available() {
    if (!enabled_ || broken_) return 0;
    const u16 count = static_cast<u16>(read16(rings_.available + kIndex) - next_);
    if (count > size_) fail();
    return broken_ ? u16{0} : count;
}

bool VirtioQueue::take(VirtioChain& chain) {
    const u64 entry = next_ % size_;
    const u16 head = read16(rings_.available + kEntries + kAvailableEntrySize * entry);
    ++next_;
    chain = {};
    chain.head = head;
    if (!follow(head, chain)) fail();
    return !broken_;
}

VirtioQueue::Descriptor VirtioQueue::descriptor(const Table& table, u32 index) {
    std::array<u8, kDescriptorSize> bytes{};
    memory_.dma_read({table.address + index * kDescriptorSize}, bytes.data(), bytes.size());
    return {virtio::little_endian<u64>(bytes.data()), virtio::little_endian<u32>(bytes.data() + 8),
            virtio::little_endian<u16>(bytes.data() + 12),
            virtio::little_endian<u16>(bytes.data() + 14)};
}

// Direct descriptors, and an indirect table as the last of them, are a chain (2.7.5.3.2). Whether
// the driver negotiated indirect ones is its own affair. A loop runs into the limit.
bool VirtioQueue::follow(u16 head, VirtioChain& chain) {
    Table table = {rings_.descriptors, size_, false};
    u32 index = head;
    for (unsigned count = 0; count < kLongestChain; ++count) {
        if (index >= table.entries) return false;
        const Descriptor next = descriptor(table, index);
        if ((next.flags & kIndirect) != 0) {
            if (!enter(next, table)) return false;
            index = 0;
            continue;
        }
        if (!add(next, chain)) return false;
        if ((next.flags & kNext) == 0) return true;
        index = next.next;
    }
    return false;
}

// Tables do not nest; the flags for writing and for a next descriptor mean nothing here.
bool VirtioQueue::enter(const Descriptor& descriptor, Table& table) {
    const u32 size = descriptor.size;
    if (table.indirect || size == 0 || size % kDescriptorSize != 0) return false;
    if (wraps(descriptor.address, size)) return false;
    table = {descriptor.address, static_cast<u32>(size / kDescriptorSize), true};
    return true;
}

// What is readable comes first (2.7.4.2).
bool VirtioQueue::add(const Descriptor& descriptor, VirtioChain& chain) {
    const bool writable = (descriptor.flags & kWritable) != 0;
    if (wraps(descriptor.address, descriptor.size)) return false;
    if (!writable && chain.writable.left() != 0) return false;
    (writable ? chain.writable : chain.readable).add(descriptor.address, descriptor.size);
    return chain.readable.left() + chain.writable.left() <= kLargestChain;
}

void VirtioQueue::put_used(const VirtioChain& chain, u64 written) {
    const u32 length = static_cast<u32>(std::min<u64>(written, 0xffff'ffff));
    std::array<u8, kUsedEntrySize> bytes{};
    for (unsigned i = 0; i < 2; ++i) bytes[i] = static_cast<u8>(chain.head >> 8 * i);
    for (unsigned i = 0; i < 4; ++i) bytes[4 + i] = static_cast<u8>(length >> 8 * i);
    const u64 entry = static_cast<u16>(used_ + pending_) % size_;
    memory_.dma_write({rings_.used + kEntries + kUsedEntrySize * entry}, bytes.data(),
                      bytes.size());
    ++pending_;
}

// The index after the entries: the driver looks at it first (2.7.8.2).
void VirtioQueue::publish() {
    used_ = static_cast<u16>(used_ + pending_);
    pending_ = 0;
    write16(rings_.used + kIndex, used_);
}

// 2.7.7.2: with events, when the index passes the one that the driver named.
bool VirtioQueue::wants_interrupt() {
    const u16 old = announced_;
    announced_ = used_;
    const u16 news = static_cast<u16>(used_ - old);
    if (news == 0) return false;
    if (!use_events_) return (read16(rings_.available) & kNoInterrupt) == 0;
    const u16 event = read16(rings_.available + kEntries + kAvailableEntrySize * size_);
    return static_cast<u16>(used_ - event - 1) < news;
}

void VirtioQueue::ask_for_notification() {
    if (use_events_) write16(rings_.used + kEntries + kUsedEntrySize * size_, next_);
}

void VirtioQueue::save(Writer& writer) const {
    writer.put(size_);
    for (const u64 ring : {rings_.descriptors, rings_.available, rings_.used}) writer.put(ring);
    for (const bool flag : {enabled_, broken_, use_events_}) writer.put(flag);
    for (const u16 index : {next_, used_, pending_, announced_}) writer.put(index);
}

void VirtioQueue::restore(Reader& reader) {
    reader.get(size_);
    if (!std::has_single_bit(size_) || size_ > largest_)
        reader.damaged("a queue of impossible size");
    for (u64* ring : {&rings_.descriptors, &rings_.available, &rings_.used}) reader.get(*ring);
    for (bool* flag : {&enabled_, &broken_, &use_events_}) reader.get(*flag);
    for (u16* index : {&next_, &used_, &pending_, &announced_}) reader.get(*index);
    if (pending_ != 0) reader.damaged("a queue in the middle of a request");
    if (enabled_) enable();
}

}  // namespace seventeen::devices
