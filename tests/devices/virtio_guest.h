// VirtioBoard and VirtioDriver: a PCI bus with virtio functions, and a driver that reaches one as
// guests do: through configuration space, base addresses and rings in memory.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "core/bus.h"
#include "core/snapshot.h"
#include "devices/virtio_pci.h"

namespace seventeen::devices {

// Guest memory, beyond which a bus master meets the memory bus, as on the board.
class VirtioMemory final : public DmaPort {
  public:
    void dma_read(PhysicalAddress address, void* into, std::size_t size) override {
        for (std::size_t i = 0; i < size; ++i) static_cast<u8*>(into)[i] = byte(address.value + i);
    }
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override {
        written.push_back(address.value);
        const u64 end = address.value + size;
        if (end <= bytes.size() && end >= address.value)
            std::memcpy(bytes.data() + address.value, from, size);
        else
            write_bus(address.value, {static_cast<const u8*>(from), size});
    }
    template <SnapshotValue T>
    T get(u64 at) const {
        T value{};
        std::memcpy(&value, &bytes.at(at), sizeof value);
        return value;
    }
    template <SnapshotValue T>
    void put(u64 at, T value) {
        std::memcpy(&bytes.at(at), &value, sizeof value);
    }
    void fill(u64 at, std::span<const u8> data) {
        std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::vector<u8> copy(u64 at, std::size_t size) const {
        const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        return {first, first + static_cast<std::ptrdiff_t>(size)};
    }

    std::vector<u8> bytes = std::vector<u8>(4 << 20);
    std::vector<u64> written;  // addresses, in order
    Bus* bus = nullptr;

  private:
    u8 byte(u64 at) const {
        if (at < bytes.size()) return bytes[at];
        return bus == nullptr ? u8{0xff} : static_cast<u8>(bus->read(at & 0xffff'ffff, 1));
    }
    // In doublewords as far as they are aligned.
    void write_bus(u64 at, std::span<const u8> data) {
        while (bus != nullptr && !data.empty()) {
            Width width = 4;
            while (width > data.size() || at % width != 0) width /= 2;
            u32 value = 0;
            std::memcpy(&value, data.data(), width);
            bus->write(at & 0xffff'ffff, value, width);
            at += width;
            data = data.subspan(width);
        }
    }
};

struct VirtioBoard {
    static constexpr unsigned kSlot = 3;
    static constexpr u32 kPorts = 0xc040;
    static constexpr u32 kMemory = 0xfebf'4000;  // of that slot; later slots' follow

    VirtioMemory memory;
    PciBus pci;
    Bus ports{"port", 0x10000};
    Bus mmio{"memory", u64{1} << 32};
    VirtioPci* device = nullptr;  // in `slot`, which is the one that is talked to
    unsigned slot = kSlot;
    bool interrupt = false;

    VirtioBoard() {
        ports.claim({0xcf8, 4, &pci, PciBus::kAddress, 4});
        ports.claim({0xcfc, 4, &pci, PciBus::kData, 4});
        pci.interrupt((kSlot - 1) % PciBus::kInterrupts).connect([this](bool level) {
            interrupt = level;
        });
    }
    u32 first_port() const { return kPorts + (slot - kSlot) * VirtioPci::kLegacySize; }
    u32 first_byte() const { return kMemory + (slot - kSlot) * VirtioPci::kModernSize; }
    // Everything on; base addresses as firmware places them.
    void plug(VirtioPci& chip) {
        device = &chip;
        memory.bus = &mmio;
        pci.attach(slot, 0, chip);
        chip.on_bar_moved([this, &chip](unsigned bar, auto old, auto now) {
            Bus& bus = chip.bar_space(bar) == PciSpace::kIo ? ports : mmio;
            const unsigned region =
                bar == VirtioPci::kLegacyBar ? VirtioPci::kLegacy : VirtioPci::kModern;
            if (old) bus.release(*old, chip.bar_size(bar));
            if (now) bus.claim({*now, chip.bar_size(bar), &chip, region, 4});
        });
        configure(0x10, first_port(), 4);
        configure(0x20, first_byte(), 4);
        configure(0x04, 0x0007, 2);
    }
    u32 configuration(unsigned offset, Width width) {
        ports.write(0xcf8, 0x8000'0000 | slot << 11 | (offset & 0xfc), 4);
        return static_cast<u32>(ports.read(0xcfc + (offset & 3), width));
    }
    void configure(unsigned offset, u32 value, Width width) {
        ports.write(0xcf8, 0x8000'0000 | slot << 11 | (offset & 0xfc), 4);
        ports.write(0xcfc + (offset & 3), value, width);
    }
    // The capability with virtio's number `type`.
    unsigned capability(u8 type) {
        unsigned at = configuration(0x34, 1);
        while (at != 0 && configuration(at + 3, 1) != type) at = configuration(at + 1, 1);
        return at;
    }
    std::vector<u8> saved() const {
        Writer writer;
        device->save(writer);
        return std::move(writer).finish();
    }
    void restore(const std::vector<u8>& image) {
        Reader reader(image, "test");
        device->restore(reader);
        reader.finish();
    }
};

// How a driver reaches the registers.
enum class VirtioAccess { kLegacy, kModern, kWindow };

struct VirtioBuffer {
    u64 address;
    u32 size;
    bool writable = false;
};

class VirtioDriver {
  public:
    static constexpr u64 kVersion1 = u64{1} << 32;
    static constexpr u64 kEventIndex = u64{1} << 29;
    static constexpr u64 kIndirect = u64{1} << 28;
    static constexpr u64 kRings = 0x10000;  // a queue's rings are this far apart
    static constexpr u64 kTables = 0x80000;

    // A split virtqueue, as the driver keeps it.
    struct Queue {
        u16 size = 0;
        u64 descriptors = 0;
        u64 available = 0;
        u64 used = 0;
        u64 notify = 0;  // in the notification structure
        u16 added = 0;
        u16 seen = 0;
        u16 free = 0;  // the descriptor that is taken next
    };
    struct Used {
        u32 head;
        u32 written;
    };

    VirtioDriver(VirtioBoard& board, VirtioAccess access) : board_(board), access_(access) {}

    bool modern() const { return access_ != VirtioAccess::kLegacy; }
    u32 read(u64 structure, unsigned offset, Width width) {
        if (access_ == VirtioAccess::kModern)
            return static_cast<u32>(
                board_.mmio.read(board_.first_byte() + structure + offset, width));
        const unsigned window = aim(structure + offset, width);
        return board_.configuration(window + 16, width);
    }
    void write(u64 structure, unsigned offset, u32 value, Width width) {
        if (access_ == VirtioAccess::kModern)
            return board_.mmio.write(board_.first_byte() + structure + offset, value, width);
        const unsigned window = aim(structure + offset, width);
        board_.configure(window + 16, value, width);
    }
    u32 in(unsigned offset, Width width) {
        return static_cast<u32>(board_.ports.read(board_.first_port() + offset, width));
    }
    void out(unsigned offset, u32 value, Width width) {
        board_.ports.write(board_.first_port() + offset, value, width);
    }

    u8 status() { return static_cast<u8>(modern() ? read(0, 20, 1) : in(18, 1)); }
    void set_status(u8 value) { modern() ? write(0, 20, value, 1) : out(18, value, 1); }
    u8 interrupt_status() { return static_cast<u8>(modern() ? read(0x1000, 0, 1) : in(19, 1)); }
    u32 config(unsigned offset, Width width) {
        return modern() ? read(0x2000, offset, width) : in(20 + offset, width);
    }
    void set_config(unsigned offset, u32 value, Width width) {
        modern() ? write(0x2000, offset, value, width) : out(20 + offset, value, width);
    }
    u64 features() {
        if (!modern()) return in(0, 4);
        write(0, 0, 0, 4);
        const u64 low = read(0, 4, 4);
        write(0, 0, 1, 4);
        return low | u64{read(0, 4, 4)} << 32;
    }
    void accept(u64 features) {
        if (!modern()) return out(4, static_cast<u32>(features), 4);
        for (unsigned i = 0; i < 2; ++i) {
            write(0, 8, i, 4);
            write(0, 12, static_cast<u32>(features >> 32 * i), 4);
        }
    }
    // Up to features; false where the device refuses them.
    bool begin(u64 wanted) {
        set_status(0);
        set_status(0x01);
        set_status(0x03);
        features_ = wanted & features();
        if (modern()) features_ |= kVersion1;
        accept(features_);
        if (!modern()) return true;
        set_status(0x0b);
        return (status() & 0x08) != 0;
    }
    bool has(u64 feature) const { return (features_ & feature) != 0; }
    // A queue of at most `most` entries in memory of its own.
    Queue set_up(unsigned number, u16 most = 128) {
        Queue queue;
        queue.descriptors = kRings * (number + 1);
        modern() ? write(0, 22, number, 2) : out(14, number, 2);
        queue.size = static_cast<u16>(modern() ? read(0, 24, 2) : in(12, 2));
        if (modern() && queue.size > most) {
            write(0, 24, most, 2);
            queue.size = static_cast<u16>(read(0, 24, 2));
        }
        const u64 available = queue.descriptors + 16u * queue.size;
        const u64 used = (available + 6 + 2u * queue.size + 4095) & ~u64{4095};
        queue.available = available;
        queue.used = used;
        std::fill_n(board_.memory.bytes.begin() + static_cast<std::ptrdiff_t>(queue.descriptors),
                    kRings, u8{0});
        if (!modern()) {
            out(8, static_cast<u32>(queue.descriptors >> 12), 4);
            return queue;
        }
        queue.notify = 4 * read(0, 30, 2);
        unsigned at = 32;
        for (const u64 ring : {queue.descriptors, available, used}) {
            write(0, at, static_cast<u32>(ring), 4);
            write(0, at + 4, static_cast<u32>(ring >> 32), 4);
            at += 8;
        }
        write(0, 28, 1, 2);
        return queue;
    }
    void ready() { set_status(modern() ? 0x0f : 0x07); }

    void put_descriptor(u64 table, unsigned index, const VirtioBuffer& buffer, int next) {
        const u64 at = table + 16 * index;
        board_.memory.put<u64>(at, buffer.address);
        board_.memory.put<u32>(at + 8, buffer.size);
        board_.memory.put<u16>(at + 12,
                               static_cast<u16>((next >= 0 ? 1 : 0) | (buffer.writable ? 2 : 0)));
        board_.memory.put<u16>(at + 14, static_cast<u16>(std::max(next, 0)));
    }
    // Makes a chain available without telling the device.
    u16 add(Queue& queue, const std::vector<VirtioBuffer>& buffers) {
        const u16 head = queue.free;
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            const u16 next = static_cast<u16>((queue.free + 1) % queue.size);
            put_descriptor(queue.descriptors, queue.free, buffers[i],
                           i + 1 < buffers.size() ? next : -1);
            queue.free = next;
        }
        offer(queue, head);
        return head;
    }
    // The same through a table of `kTables`' own.
    u16 add_indirect(Queue& queue, const std::vector<VirtioBuffer>& buffers) {
        const u16 head = queue.free;
        const u64 table = kTables + 0x1000 * head;
        for (std::size_t i = 0; i < buffers.size(); ++i)
            put_descriptor(table, static_cast<unsigned>(i), buffers[i],
                           i + 1 < buffers.size() ? static_cast<int>(i) + 1 : -1);
        put_descriptor(queue.descriptors, head,
                       {table, static_cast<u32>(16 * buffers.size()), false}, -1);
        board_.memory.put<u16>(queue.descriptors + 16u * head + 12, 4);
        queue.free = static_cast<u16>((queue.free + 1) % queue.size);
        offer(queue, head);
        return head;
    }
    void offer(Queue& queue, u16 head) {
        board_.memory.put<u16>(queue.available + 4 + 2u * (queue.added % queue.size), head);
        board_.memory.put<u16>(queue.available + 2, ++queue.added);
    }
    void notify(const Queue& queue, unsigned number) {
        modern() ? write(0x3000, static_cast<unsigned>(queue.notify), number, 2)
                 : out(16, number, 2);
    }
    // The next entry of the used ring; {~0, ~0} while there is none.
    Used used(Queue& queue) {
        if (board_.memory.get<u16>(queue.used + 2) == queue.seen) return {~0u, ~0u};
        const u64 at = queue.used + 4 + 8u * (queue.seen++ % queue.size);
        return {board_.memory.get<u32>(at), board_.memory.get<u32>(at + 4)};
    }

  private:
    unsigned aim(u64 offset, Width width) {
        const unsigned window = board_.capability(5);
        board_.configure(window + 4, 4, 1);
        board_.configure(window + 8, static_cast<u32>(offset), 4);
        board_.configure(window + 12, width, 4);
        return window;
    }

    VirtioBoard& board_;
    VirtioAccess access_;
    u64 features_ = 0;
};

}  // namespace seventeen::devices
