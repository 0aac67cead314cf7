// IdeBench: one IDE channel, a disk in memory and a bus master, driven as a guest does.
#pragma once

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "core/block_medium.h"
#include "devices/ide_bus_master.h"
#include "devices/ide_channel.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

// Each byte tells its sector and its place in it.
class TestMedium final : public BlockMedium {
  public:
    explicit TestMedium(u64 sectors, bool writable = true)
        : data_(sectors * kSectorSize), writable_(writable) {
        for (std::size_t i = 0; i < data_.size(); ++i) data_[i] = pattern(i);
    }
    static u8 pattern(u64 at) { return static_cast<u8>(at / kSectorSize * 7 + at % 251); }

    u64 sectors() const override { return data_.size() / kSectorSize; }
    void read(u64 sector, std::span<u8> into) override {
        std::memcpy(into.data(), span(sector, into.size()), into.size());
    }
    void write(u64 sector, std::span<const u8> from) override {
        std::memcpy(span(sector, from.size()), from.data(), from.size());
    }
    void flush() override { ++flushes; }
    bool writable() const override { return writable_; }

    unsigned flushes = 0;

  private:
    u8* span(u64 sector, std::size_t size) {
        if (sector * kSectorSize + size > data_.size()) throw std::out_of_range("past the medium");
        return data_.data() + sector * kSectorSize;
    }

    std::vector<u8> data_;
    bool writable_;
};

class TestMemory final : public DmaPort {
  public:
    void dma_read(PhysicalAddress address, void* into, std::size_t size) override {
        for (std::size_t i = 0; i < size; ++i)
            static_cast<u8*>(into)[i] =
                address.value + i < bytes.size() ? bytes[address.value + i] : 0xff;
    }
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override {
        for (std::size_t i = 0; i < size; ++i)
            if (address.value + i < bytes.size())
                bytes[address.value + i] = static_cast<const u8*>(from)[i];
    }
    void put32(u64 at, u32 value) { std::memcpy(bytes.data() + at, &value, 4); }

    std::vector<u8> bytes = std::vector<u8>(1 << 20);
};

struct IdeBench {
    TestClock clock;
    TestMemory memory;
    IdeChannel channel{"IDE 0"};
    IdeChannel second{"IDE 1"};
    IdeBusMaster master{clock.scheduler, memory, channel, second};
    unsigned interrupts = 0;

    IdeBench() {
        master.interrupt(0).connect([this](bool level) { interrupts += level; });
        master.write_config(0x04, 0x0005, 2);
    }
    u8 in(unsigned offset) {
        return static_cast<u8>(channel.read(IdeChannel::kCommandBlock, offset, 1));
    }
    void out(unsigned offset, unsigned value) {
        channel.write(IdeChannel::kCommandBlock, offset, value, 1);
    }
    void control(u8 value) { channel.write(IdeChannel::kControlBlock, 0, value, 1); }
    u8 alternate() { return static_cast<u8>(channel.read(IdeChannel::kControlBlock, 0, 1)); }
    void registers(u8 count, u8 low, u8 mid, u8 high, u8 device) {
        out(6, device);
        out(2, count);
        out(3, low);
        out(4, mid);
        out(5, high);
    }
    void command(u8 value) { out(7, value); }
    // Time enough for anything but a long DMA.
    u8 wait() {
        clock.advance(1'000'000);
        return alternate();
    }
    std::vector<u8> take(std::size_t size, Width width = 2) {
        std::vector<u8> bytes;
        while (bytes.size() < size) {
            const u64 value = channel.read(IdeChannel::kCommandBlock, 0, width);
            for (unsigned i = 0; i < width; ++i) bytes.push_back(static_cast<u8>(value >> 8 * i));
        }
        return bytes;
    }
    void give(std::span<const u8> bytes, Width width = 2) {
        for (std::size_t at = 0; at < bytes.size(); at += width) {
            u64 value = 0;
            for (unsigned i = 0; i < width; ++i) value |= u64{bytes[at + i]} << 8 * i;
            channel.write(IdeChannel::kCommandBlock, 0, value, width);
        }
    }
    unsigned master_in(unsigned offset) {
        return static_cast<unsigned>(master.read(IdeBusMaster::kRegisters, offset, 1));
    }
    void master_out(unsigned offset, u32 value, Width width = 1) {
        master.write(IdeBusMaster::kRegisters, offset, value, width);
    }
    void reset_all() {
        channel.reset();
        master.reset();
    }
    void save(Writer& writer) const {
        clock.scheduler.save(writer);
        channel.save(writer);
        master.save(writer);
    }
    void restore(const std::vector<u8>& image, u64 retired) {
        clock.retired = retired;
        Reader reader(image, "test");
        clock.scheduler.restore(reader);
        channel.restore(reader);
        master.restore(reader);
        reader.finish();
    }
};

inline std::vector<u8> pattern(u64 sector, std::size_t count) {
    std::vector<u8> bytes(count * BlockMedium::kSectorSize);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = TestMedium::pattern(sector * BlockMedium::kSectorSize + i);
    return bytes;
}

}  // namespace seventeen::devices
