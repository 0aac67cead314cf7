// VirtioQueue: a split virtqueue in guest memory, as the device sees it.
//
// Virtual I/O Device (VIRTIO) 1.2, 2.7. Rings and descriptors are the guest's and may hold
// anything. Whatever a driver must not do breaks the queue: it offers nothing any more until it is
// reset. What is allowed is bounded, too: no more chains than the queue has entries at a time, no
// more descriptors than kLongestChain in a chain.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/device.h"

namespace seventeen::devices {

// Guest memory in pieces, read or written once from the front to the end.
class VirtioBytes {
  public:
    void add(u64 address, u32 size);
    u64 left() const { return left_; }
    // These move what there is, at most, and return how much that was.
    std::size_t read(DmaPort& memory, std::span<u8> into);
    std::size_t write(DmaPort& memory, std::span<const u8> from);
    void skip(u64 size);
    // Cuts the last byte off, before anything was moved, and returns its address.
    std::optional<u64> take_last();

  private:
    struct Piece {
        u64 address = 0;
        u32 size = 0;  // never 0
    };

    // Calls `part(address, done, size)` for each piece of the next `size` bytes.
    template <typename Part>
    std::size_t walk(u64 size, Part&& part);

    std::vector<Piece> pieces_;
    std::size_t next_ = 0;
    u32 used_ = 0;  // of the next piece
    u64 left_ = 0;
};

// A buffer that the driver made available.
struct VirtioChain {
    u16 head = 0;  // names it in the used ring
    VirtioBytes readable;
    VirtioBytes writable;
};

class VirtioQueue {
  public:
    static constexpr unsigned kLongestChain = 1024;
    static constexpr u64 kLargestChain = u64{1} << 32;  // bytes (2.7.5)

    struct Rings {
        u64 descriptors = 0;
        u64 available = 0;  // the driver area
        u64 used = 0;       // the device area
    };

    // `largest` entries: a power of two.
    VirtioQueue(DmaPort& memory, u16 largest);

    void reset();
    // A power of two up to `largest`, while the queue is not enabled; others are ignored.
    void set_size(u16 size);
    u16 size() const { return size_; }
    void set_rings(const Rings& rings) { rings_ = rings; }
    const Rings& rings() const { return rings_; }
    void enable();
    bool enabled() const { return enabled_; }
    // Whether the event fields say when to notify (VIRTIO_F_EVENT_IDX).
    void use_events(bool use) { use_events_ = use; }

    // The driver did what it must not.
    void fail() { broken_ = true; }
    bool broken() const { return broken_; }

    // How many chains the driver made available and were not taken.
    u16 available();
    // Takes the next one, which must be available; false where it broke the queue.
    bool take(VirtioChain& chain);
    // The last `count` taken are available again.
    void give_back(u16 count) { next_ = static_cast<u16>(next_ - count); }

    // Fills the next entry of the used ring, which the driver does not see before publish().
    void put_used(const VirtioChain& chain, u64 written);
    void publish();
    // Whether the driver wants to hear of what was published since the last time this was asked.
    bool wants_interrupt();
    // Has the driver notify the device of the next chain.
    void ask_for_notification();

    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    struct Descriptor {
        u64 address = 0;
        u32 size = 0;
        u16 flags = 0;
        u16 next = 0;
    };
    struct Table {
        u64 address = 0;
        u32 entries = 0;
        bool indirect = false;
    };

    Descriptor descriptor(const Table& table, u32 index);
    bool follow(u16 head, VirtioChain& chain);
    static bool enter(const Descriptor& descriptor, Table& table);
    static bool add(const Descriptor& descriptor, VirtioChain& chain);
    u16 read16(u64 address);
    void write16(u64 address, u16 value);

    DmaPort& memory_;
    u16 largest_;
    u16 size_;
    Rings rings_;
    bool enabled_ = false;
    bool broken_ = false;
    bool use_events_ = false;
    u16 next_ = 0;       // of the available ring, free running as all indices are
    u16 used_ = 0;       // what the used ring's index says
    u16 pending_ = 0;    // filled beyond it
    u16 announced_ = 0;  // the used index when wants_interrupt() was asked last
};

}  // namespace seventeen::devices
