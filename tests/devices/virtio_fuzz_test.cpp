// Virtio's devices under random registers, rings, descriptors, frames and snapshots: whatever a
// driver does, they neither crash nor hang, and serve the next one that behaves.
#include <catch2/catch.hpp>

#include "core/error.h"
#include "devices/virtio_block.h"
#include "devices/virtio_net.h"
#include "tests/devices/virtio_guest.h"

namespace seventeen::devices {

namespace {

constexpr u64 kSectors = 64;
constexpr unsigned kDevices = 4;

// Splitmix64: the same numbers everywhere.
class Random {
  public:
    explicit Random(u64 seed) : state_(seed) {}
    u64 next() {
        u64 value = state_ += 0x9e3779b97f4a7c15;
        value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
        value = (value ^ value >> 27) * 0x94d049bb133111eb;
        return value ^ value >> 31;
    }
    u64 below(u64 limit) { return next() % limit; }
    bool chance(u64 in) { return below(in) == 0; }

  private:
    u64 state_;
};

// Only ever asked for what it holds, and never written when read-only.
class CheckedMedium final : public BlockMedium {
  public:
    explicit CheckedMedium(bool writable) : writable_(writable) {}
    u64 sectors() const override { return kSectors; }
    void read(u64 sector, std::span<u8> into) override {
        require(sector, into.size());
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize), into.size(),
                    into.begin());
    }
    void write(u64 sector, std::span<const u8> from) override {
        require(sector, from.size());
        if (!writable_) FAIL("a read-only disk was written");
        std::copy(from.begin(), from.end(),
                  data_.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize));
    }
    void flush() override {}
    bool writable() const override { return writable_; }

  private:
    static void require(u64 sector, std::size_t size) {
        if (size % kSectorSize != 0 || sector > kSectors || size / kSectorSize > kSectors - sector)
            FAIL("past the end of the disk");
    }

    std::vector<u8> data_ = std::vector<u8>(kSectors * kSectorSize);
    bool writable_;
};

// Two disks, and two cards with a cable between them, all of which reach each other's registers.
class Fuzzer {
  public:
    explicit Fuzzer(u64 seed) : random_(seed) {
        board_.memory.bytes.resize(1 << 20);
        for (unsigned i = 0; i < kDevices; ++i) {
            board_.slot = VirtioBoard::kSlot + i;
            board_.plug(*devices_[i]);
        }
        cards_[0].connect(&cards_[1]);
        cards_[1].connect(&cards_[0]);
    }
    void step() {
        board_.memory.written.clear();
        which_ = static_cast<unsigned>(random_.below(kDevices));
        board_.slot = VirtioBoard::kSlot + which_;
        board_.device = devices_[which_];
        switch (random_.below(16)) {
            case 0: return touch_ports();
            case 1: return touch_memory();
            case 2: return touch_configuration();
            case 3: return scribble();
            case 4:
            case 5: return begin();
            case 6: return cards_[random_.below(2)].receive(frame());
            case 7: return random_.chance(20) ? snapshot() : touch_memory();
            case 8: return notify();
            default: return offer();
        }
    }
    // A driver that behaves finds each device in order.
    void behave() {
        for (which_ = 0; which_ < kDevices; ++which_) {
            board_.slot = VirtioBoard::kSlot + which_;
            board_.configure(0x04, 0x0007, 2);
            VirtioDriver driver(board_, access());
            REQUIRE(driver.begin(0));
            const bool disk = which_ < 2;
            const unsigned number = disk ? 0 : 1;
            VirtioDriver::Queue queue = driver.set_up(number);
            driver.ready();
            REQUIRE((driver.status() & 0x44) == 0x04);
            std::fill_n(board_.memory.bytes.begin() + kData, 64, u8{0});
            if (disk)
                driver.add(queue, {{kData, 16}, {kData + 0x100, 512, true}, {kData + 32, 1, true}});
            else
                driver.add(queue, {{kData, 72}});
            driver.notify(queue, number);
            REQUIRE(driver.used(queue).written == (disk ? 513 : 0));
            REQUIRE(board_.memory.get<u8>(kData + 32) == 0);
            driver.set_status(0);
        }
    }

    u64 served = 0;  // entries that appeared in used rings

  private:
    static constexpr u64 kData = 0xf0000;

    VirtioAccess access() { return static_cast<VirtioAccess>(random_.below(3)); }
    Width width() { return Width{1} << random_.below(4); }
    unsigned queue_number() { return static_cast<unsigned>(random_.below(4)); }
    // Where something is: memory, rings, registers, the ends of both spaces.
    u64 address() {
        switch (random_.below(12)) {
            case 0: return random_.next();
            case 1: return ~u64{0} - random_.below(64);
            case 2: return 0xffff'ffff - random_.below(64);
            case 3: return VirtioBoard::kMemory + random_.below(kDevices * VirtioPci::kModernSize);
            case 4:
                return VirtioBoard::kMemory + 0x3000 + 4 * random_.below(3) +
                       VirtioPci::kModernSize * random_.below(kDevices);
            case 5: return VirtioDriver::kRings + random_.below(3 * VirtioDriver::kRings);
            case 6: return board_.memory.bytes.size() - random_.below(64);
            default: return random_.below(board_.memory.bytes.size());
        }
    }
    u32 size() {
        switch (random_.below(10)) {
            case 0: return static_cast<u32>(random_.next());
            case 1: return 0;
            case 2: return static_cast<u32>(random_.below(70'000));
            case 3: return static_cast<u32>(random_.below(20));
            default: return static_cast<u32>(512 * random_.below(8));
        }
    }
    std::vector<u8> frame() {
        std::vector<u8> bytes(random_.chance(10) ? random_.below(66'000) : random_.below(1600));
        for (u8& byte : bytes) byte = static_cast<u8>(random_.next());
        return bytes;
    }

    void touch_ports() {
        const u64 port = board_.first_port() + random_.below(VirtioPci::kLegacySize);
        const Width width = std::min(this->width(), 4u);
        random_.chance(2) ? board_.ports.write(port, random_.next(), width)
                          : static_cast<void>(board_.ports.read(port, width));
    }
    void touch_memory() {
        u64 at = random_.below(VirtioPci::kModernSize);
        if (!random_.chance(4)) at = at / 0x1000 * 0x1000 + at % 64;
        const u64 value = random_.chance(2) ? random_.below(4) : random_.next();
        random_.chance(2) ? board_.mmio.write(board_.first_byte() + at, value, width())
                          : static_cast<void>(board_.mmio.read(board_.first_byte() + at, width()));
    }
    // All but the base addresses, which the board would refuse to have overlap.
    void touch_configuration() {
        const unsigned window = board_.capability(5);
        unsigned at = static_cast<unsigned>(random_.below(256)) & ~3u;
        if (random_.chance(2)) at = window + 4 * static_cast<unsigned>(1 + random_.below(4));
        if (at >= 0x10 && at < 0x34) return;
        u32 value = static_cast<u32>(random_.chance(2) ? random_.next() : 1 + random_.below(4));
        if (at == 0x04) value |= 0x0003;
        if (at == window + 8 && random_.chance(2)) value = static_cast<u32>(random_.below(0x4000));
        random_.chance(2) ? board_.configure(at, value, 4)
                          : static_cast<void>(board_.configuration(at, 4));
    }
    void scribble() {
        for (u64 i = random_.below(16); i != 0; --i) {
            const u64 at = VirtioDriver::kRings + random_.below(3 * VirtioDriver::kRings);
            board_.memory.put<u16>(
                at, static_cast<u16>(random_.chance(2) ? random_.below(300) : random_.next()));
        }
    }
    void begin() {
        if (!random_.chance(8)) board_.configure(0x04, 0x0007, 2);
        VirtioDriver driver(board_, access_[which_] = access());
        driver.begin(random_.chance(2) ? ~u64{0} : random_.next());
        for (unsigned i = 0; i < 3; ++i) {
            if (random_.chance(20)) continue;
            queues_[which_][i] = driver.set_up(i, static_cast<u16>(1u << random_.below(9)));
        }
        if (!random_.chance(20)) driver.ready();
    }
    // Requests that are some, mostly, in chains that are some, mostly.
    void offer() {
        const unsigned number = static_cast<unsigned>(random_.below(which_ < 2 ? 1 : 3));
        VirtioDriver::Queue& queue = queues_[which_][number];
        if (queue.size == 0) return;
        VirtioDriver driver(board_, access_[which_]);
        const u16 before = board_.memory.get<u16>(queue.used + 2);
        for (u64 i = random_.below(6); i != 0; --i) {
            const std::vector<VirtioBuffer> buffers = request(number);
            random_.chance(4) && queue.free < 64 ? driver.add_indirect(queue, buffers)
                                                 : driver.add(queue, buffers);
        }
        if (random_.chance(10)) scribble();
        driver.notify(queue, number);
        if (number == 0 && which_ >= 2) cards_[which_ - 2].receive(frame());
        served += static_cast<u16>(board_.memory.get<u16>(queue.used + 2) - before);
    }
    std::vector<VirtioBuffer> request(unsigned number) {
        const u64 at = kData + 0x40 * random_.below(0x100);
        std::vector<VirtioBuffer> buffers;
        if (which_ < 2) {
            board_.memory.put<u32>(at, static_cast<u32>(random_.below(12)));
            board_.memory.put<u64>(
                at + 8, random_.chance(10) ? random_.next() : random_.below(kSectors + 2));
            buffers.push_back({at, 16});
        } else if (number == 2) {
            board_.memory.put<u16>(at, static_cast<u16>(random_.below(8) << 8 | random_.below(3)));
            board_.memory.put<u32>(at + 2, static_cast<u32>(random_.below(80)));
            buffers.push_back({at, 2 + static_cast<u32>(random_.below(40))});
        }
        const bool writable = number == 0 && (which_ >= 2 || random_.chance(2));
        for (u64 i = random_.below(4); i != 0; --i)
            buffers.push_back({address(), size(), writable});
        if (which_ < 2 || number == 2) buffers.push_back({at + 32, 1, true});
        if (random_.chance(30)) buffers.push_back({address(), size(), random_.chance(2)});
        if (buffers.empty()) buffers.push_back({address(), size(), writable});
        return buffers;
    }
    void notify() {
        VirtioDriver driver(board_, access());
        VirtioDriver::Queue queue;
        const unsigned number = queue_number();
        queue.notify = 4 * number;
        driver.notify(queue, number);
    }
    // Saved, and sometimes damaged, which restore() may refuse and must survive.
    void snapshot() {
        VirtioPci& device = *devices_[which_];
        const std::vector<u8> image = board_.saved();
        board_.restore(image);
        REQUIRE(board_.saved() == image);
        Reader reader(image, "test");
        reader.begin(device.name(), 1, 1);
        std::vector<u8> payload(kPayload[which_ / 2]);
        try {
            reader.bytes(payload.data(), payload.size());
        } catch (const Error&) {
            return;
        }
        for (u64 i = 1 + random_.below(3); i != 0; --i) {
            // Not the base addresses, as above.
            const u64 at = 0x34 + random_.below(payload.size() - 0x34);
            payload[at] = static_cast<u8>(random_.next());
        }
        Writer writer;
        writer.begin(device.name(), 1);
        writer.bytes(payload.data(), payload.size());
        writer.end();
        try {
            board_.restore(std::move(writer).finish());
        } catch (const Error&) {
            device.reset();
            board_.configure(0x10, board_.first_port(), 4);
            board_.configure(0x20, board_.first_byte(), 4);
            board_.configure(0x04, 0x0007, 2);
        }
    }

    // Of a section, but for a filter's addresses.
    static constexpr std::size_t kHead = 256 + 1 + 8 + 8 + 2 + 3 + 2;
    static constexpr std::size_t kPayload[] = {kHead + 37 + 9, kHead + 3 * 37 + 6 + 2 + 2 * 4};

    Random random_;
    VirtioBoard board_;
    VirtioBlock disk_{"disk", board_.memory, std::make_unique<CheckedMedium>(true), "a"};
    VirtioBlock read_only_{"read-only", board_.memory, std::make_unique<CheckedMedium>(false), "b"};
    std::array<VirtioNet, 2> cards_{VirtioNet{"card 0", board_.memory, {2, 0, 0, 0, 0, 1}},
                                    VirtioNet{"card 1", board_.memory, {2, 0, 0, 0, 0, 2}}};
    std::array<VirtioPci*, kDevices> devices_{&disk_, &read_only_, &cards_[0], &cards_[1]};
    std::array<std::array<VirtioDriver::Queue, 3>, kDevices> queues_{};
    std::array<VirtioAccess, kDevices> access_{};
    unsigned which_ = 0;
};

void run(u64 first_seed, u64 last_seed, unsigned rounds) {
    for (u64 seed = first_seed; seed <= last_seed; ++seed) {
        Fuzzer fuzzer(seed);
        for (unsigned round = 0; round < rounds; ++round) {
            for (unsigned i = 0; i < 1000; ++i) fuzzer.step();
            fuzzer.behave();
        }
        CHECK(fuzzer.served > 20 * rounds);  // it did reach the devices
    }
}

}  // namespace

TEST_CASE("virtio: random drivers") {
    run(1, 2, 60);
}

TEST_CASE("virtio: random drivers for long", "[.long]") {
    run(100, 119, 100);
}

}  // namespace seventeen::devices
