// Walks physical region descriptors in virtual time, one region an event.
#include "devices/ide_bus_master.h"

#include <algorithm>

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

// The registers of one channel.
constexpr unsigned kCommand = 0;
constexpr unsigned kStatus = 2;
constexpr unsigned kTable = 4;
constexpr unsigned kChannelSize = 8;

constexpr u8 kStart = 0x01;     // SSBM
constexpr u8 kToMemory = 0x08;  // RWCON
constexpr u8 kActive = 0x01;    // BMIDEA
constexpr u8 kInterrupt = 0x04;
constexpr u8 kCleared = 0x06;  // by writing ones: the error and the interrupt
constexpr u8 kCapable = 0x60;  // software's own notes on its drives

// A descriptor: address, count (0: 64 KiB), and whether it is the last.
constexpr u32 kDescriptorSize = 8;
constexpr u32 kLast = 0x8000'0000;
constexpr u32 kRegionLimit = 0x10000;
constexpr u32 kTableLimit = 0x10000;  // a table does not cross a multiple of 64 KiB

constexpr Scheduler::Nanoseconds kNanosecondsPerByte = 10;  // Ultra DMA mode 5
constexpr Scheduler::Nanoseconds kFetchTime = 1'000;

u32 little_endian(const u8* bytes) {
    return u32{bytes[0]} | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24;
}

}  // namespace

IdeBusMaster::IdeBusMaster(Scheduler& scheduler, DmaPort& memory, IdeChannel& primary,
                           IdeChannel& secondary)
    : PciFunction({.vendor = 0x8086, .device = 0x7010, .class_code = 0x010180}),
      scheduler_(scheduler),
      memory_(memory) {
    define(0x04, 2, 0, 0x0005);
    define(0x06, 2, 0x0280, 0);
    define(0x40, 4, 0, 0xffffffff);  // IDETIM
    define(0x44, 1, 0, 0xff);        // SIDETIM
    add_bar(kBar, PciSpace::kIo, 2 * kChannelSize);
    channels_[0].cable = &primary;
    channels_[1].cable = &secondary;
    for (Channel& channel : channels_) {
        const std::string event = std::string(channel.cable->name()) + " DMA";
        channel.event = scheduler.add_event(event, [this, &channel] { run(channel); });
        channel.cable->interrupt().connect(
            [&channel](bool level) { on_interrupt(channel, level); });
        channel.cable->dma_request().connect([this, &channel](bool) { consider(channel); });
    }
}

// The rise of the drive's interrupt is noted, whatever command it ends.
void IdeBusMaster::on_interrupt(Channel& channel, bool level) {
    if (level) channel.status |= kInterrupt;
    channel.interrupt.set(level);
}

void IdeBusMaster::config_written(unsigned offset, u8) {
    if (offset != 0x04) return;
    for (Channel& channel : channels_) consider(channel);
}

// Starts the next region where drive and software both want it.
void IdeBusMaster::consider(Channel& channel) {
    const bool wanted = (channel.status & kActive) != 0 && bus_master_enabled() &&
                        channel.cable->dma_request().level();
    if (!wanted || scheduler_.scheduled(channel.event)) return;
    if (channel.left == 0 && !fetch(channel)) return;
    scheduler_.schedule_in(channel.event, kFetchTime + channel.left * kNanosecondsPerByte);
}

// Reads the next descriptor. False past the last: the engine stops, the drive keeps waiting.
bool IdeBusMaster::fetch(Channel& channel) {
    if (channel.last) {
        channel.status &= static_cast<u8>(~kActive);
        return false;
    }
    std::array<u8, kDescriptorSize> bytes{};
    memory_.dma_read({channel.next}, bytes.data(), bytes.size());
    const u32 flags = little_endian(bytes.data() + 4);
    channel.address = little_endian(bytes.data()) & ~1u;
    channel.left = flags & (kRegionLimit - 2);
    if (channel.left == 0) channel.left = kRegionLimit;
    channel.next += kDescriptorSize;
    channel.last = (flags & kLast) != 0 || channel.next % kTableLimit < kDescriptorSize;
    return true;
}

// One piece within a page of memory; addresses wrap at 4 GiB as 32-bit counters do.
u32 IdeBusMaster::move(Channel& channel, u32 size) {
    std::array<u8, kPageSize> piece;
    const std::span<u8> part = std::span(piece).first(size);
    if ((channel.command & kToMemory) != 0) {
        const std::size_t moved = channel.cable->dma_read(part);
        if (moved != 0) memory_.dma_write({channel.address}, part.data(), moved);
        return static_cast<u32>(moved);
    }
    // The drive may want less than was fetched, which then is lost: its command is over.
    memory_.dma_read({channel.address}, part.data(), part.size());
    return static_cast<u32>(channel.cable->dma_write(part));
}

void IdeBusMaster::run(Channel& channel) {
    if ((channel.status & kActive) == 0) return;
    while (channel.left != 0) {
        const u32 room = static_cast<u32>(kPageSize - (channel.address & kPageMask));
        const u32 size = std::min(channel.left, room);
        const u32 moved = move(channel, size);
        channel.address += moved;
        channel.left -= moved;
        if (moved < size) break;  // the drive is done, or the direction is wrong
    }
    // Regions larger than the transfer leave the engine active (datasheet, 2.6.2's table).
    if (channel.left != 0) return;
    if (channel.last)
        channel.status &= static_cast<u8>(~kActive);
    else
        consider(channel);
}

u8 IdeBusMaster::read_byte(unsigned offset) const {
    const Channel& channel = channels_[offset / kChannelSize];
    const unsigned which = offset % kChannelSize;
    if (which == kCommand) return channel.command;
    if (which == kStatus) return channel.status;
    if (which >= kTable) return static_cast<u8>(channel.table >> 8 * (which - kTable));
    return 0;
}

void IdeBusMaster::write_byte(unsigned offset, u8 value) {
    Channel& channel = channels_[offset / kChannelSize];
    const unsigned which = offset % kChannelSize;
    if (which == kCommand) {
        write_command(channel, value);
    } else if (which == kStatus) {
        channel.status &= static_cast<u8>(~(value & kCleared) & ~kCapable);
        channel.status |= value & kCapable;
    } else if (which >= kTable) {
        const unsigned shift = 8 * (which - kTable);
        channel.table = (channel.table & ~(0xffu << shift)) | u32{value} << shift;
        channel.table &= ~3u;
    }
}

// The start bit's rise begins at the table's start; its fall discards what was under way.
void IdeBusMaster::write_command(Channel& channel, u8 value) {
    const u8 old = channel.command;
    channel.command = value & (kStart | kToMemory);
    if ((value & kStart) == 0) {
        scheduler_.cancel(channel.event);
        channel.status &= static_cast<u8>(~kActive);
        channel.left = 0;
    } else if ((old & kStart) == 0) {
        channel.status |= kActive;
        channel.next = channel.table;
        channel.left = 0;
        channel.last = false;
        consider(channel);
    }
}

u64 IdeBusMaster::read(unsigned, u64 offset, Width width) {
    u64 value = 0;
    for (unsigned i = 0; i < width; ++i)
        value |= u64{read_byte((static_cast<unsigned>(offset) + i) % (2 * kChannelSize))} << 8 * i;
    return value;
}

void IdeBusMaster::write(unsigned, u64 offset, u64 value, Width width) {
    for (unsigned i = 0; i < width; ++i)
        write_byte((static_cast<unsigned>(offset) + i) % (2 * kChannelSize),
                   static_cast<u8>(value >> 8 * i));
}

void IdeBusMaster::reset() {
    reset_config();
    for (Channel& channel : channels_) {
        write_command(channel, 0);
        channel.status = 0;
        channel.table = 0;
    }
}

void IdeBusMaster::save(Writer& writer) const {
    writer.begin(name(), kVersion);
    save_config(writer);
    for (const Channel& channel : channels_) {
        writer.put(channel.interrupt.level());
        writer.put(channel.command);
        writer.put(channel.status);
        for (const u32 value : {channel.table, channel.next, channel.address, channel.left})
            writer.put(value);
        writer.put(channel.last);
    }
    writer.end();
}

void IdeBusMaster::restore(Reader& reader) {
    reader.begin(name(), kVersion, kVersion);
    restore_config(reader);
    for (Channel& channel : channels_) {
        channel.interrupt.restore(reader.get<bool>());
        channel.command = reader.get<u8>() & (kStart | kToMemory);
        channel.status = reader.get<u8>() & (kActive | kCleared | kCapable);
        channel.table = reader.get<u32>() & ~3u;
        reader.get(channel.next);
        reader.get(channel.address);
        reader.get(channel.left);
        reader.get(channel.last);
        if (channel.left > kRegionLimit) reader.damaged("a region over 64 KiB");
    }
    reader.end();
}

}  // namespace seventeen::devices
