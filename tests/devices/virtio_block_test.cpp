// VirtioBlock: driven as SeaBIOS 1.16 and Linux do, and as they must not (VIRTIO 1.2, 5.2).
#include "devices/virtio_block.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/virtio_guest.h"

namespace seventeen::devices {

namespace {

constexpr u64 kFlush = 1u << 9;
constexpr u64 kConfigWce = 1u << 11;
constexpr u32 kIn = 0;
constexpr u32 kOut = 1;
constexpr u32 kFlushRequest = 4;
constexpr u32 kGetId = 8;
constexpr u64 kHeader = 0xa0000;
constexpr u64 kStatus = 0xa1000;
constexpr u64 kData = 0x100000;

// Each byte tells its sector and its place; what is done to it is written down.
class LoggedMedium final : public BlockMedium {
  public:
    LoggedMedium(u64 sectors, bool writable) : data_(sectors * kSectorSize), writable_(writable) {
        for (std::size_t i = 0; i < data_.size(); ++i) data_[i] = pattern(i);
    }
    static u8 pattern(u64 at) { return static_cast<u8>(at / kSectorSize * 7 + at % 251); }

    u64 sectors() const override { return data_.size() / kSectorSize; }
    void read(u64 sector, std::span<u8> into) override {
        if (fails) throw Error("the disk image cannot be read");
        std::copy_n(at(sector, into.size()), into.size(), into.begin());
    }
    void write(u64 sector, std::span<const u8> from) override {
        log += "w" + std::to_string(sector) + "+" + std::to_string(from.size() / kSectorSize) + " ";
        std::copy(from.begin(), from.end(), at(sector, from.size()));
    }
    void flush() override { log += "f "; }
    bool writable() const override { return writable_; }

    std::string log;
    bool fails = false;

  private:
    std::vector<u8>::iterator at(u64 sector, std::size_t size) {
        REQUIRE(size % kSectorSize == 0);
        REQUIRE(sector + size / kSectorSize <= sectors());
        return data_.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize);
    }

    std::vector<u8> data_;
    bool writable_;
};

struct Bench : VirtioBoard {
    VirtioBlock block;

    explicit Bench(u64 sectors = 4000, bool writable = true)
        : block("virtio disk 0", memory, std::make_unique<LoggedMedium>(sectors, writable),
                "SEVENTEEN-1") {
        plug(block);
    }
    LoggedMedium& medium() { return static_cast<LoggedMedium&>(block.medium()); }
};

struct Session : Bench {
    VirtioDriver driver;
    VirtioDriver::Queue queue;

    explicit Session(VirtioAccess access = VirtioAccess::kModern, u64 features = kFlush,
                     u64 sectors = 4000, bool writable = true)
        : Bench(sectors, writable), driver(*this, access) {
        REQUIRE(driver.begin(features));
        queue = driver.set_up(0);
        driver.ready();
    }
    void header(u32 type, u64 sector) {
        memory.put<u32>(kHeader, type);
        memory.put<u32>(kHeader + 4, 0);
        memory.put<u64>(kHeader + 8, sector);
        memory.put<u8>(kStatus, 0x55);
    }
    // One request with `size` bytes of data at kData; the status.
    u8 request(u32 type, u64 sector, u32 size) {
        header(type, sector);
        std::vector<VirtioBuffer> buffers = {{kHeader, 16}};
        if (size != 0) buffers.push_back({kData, size, type != kOut});
        buffers.push_back({kStatus, 1, true});
        return submit(buffers);
    }
    u8 submit(const std::vector<VirtioBuffer>& buffers) {
        const u16 head = driver.add(queue, buffers);
        driver.notify(queue, 0);
        used = driver.used(queue);
        CHECK(used.head == head);
        return memory.get<u8>(kStatus);
    }

    VirtioDriver::Used used{};
};

std::vector<u8> sectors(u64 first, std::size_t size) {
    std::vector<u8> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = LoggedMedium::pattern(first * BlockMedium::kSectorSize + i);
    return bytes;
}

constexpr VirtioAccess kAll[] = {VirtioAccess::kLegacy, VirtioAccess::kModern,
                                 VirtioAccess::kWindow};

}  // namespace

TEST_CASE("virtio block: says what it is") {
    for (const VirtioAccess access : kAll) {
        Session session(access, kFlush, 3'000'000);
        CHECK(session.configuration(0x00, 4) == 0x10011af4);
        CHECK(session.configuration(0x0a, 2) == 0x0100);
        CHECK(session.configuration(0x2e, 2) == 2);
        VirtioDriver& driver = session.driver;
        CHECK((driver.features() & 0xffffff) == 0x000e56);
        CHECK(driver.config(0, 4) == 3'000'000);
        CHECK(driver.config(4, 4) == 0);
        CHECK(driver.config(8, 4) == VirtioBlock::kLargestSegment);
        CHECK(driver.config(12, 4) == 126);
        CHECK(driver.config(16, 2) == 3'000'000 / 1008);
        CHECK(driver.config(18, 1) == 16);
        CHECK(driver.config(19, 1) == 63);
        CHECK(driver.config(20, 4) == 512);
        CHECK(driver.config(24, 2) == 0);
        CHECK(driver.config(26, 2) == 1);
        CHECK(driver.config(28, 4) == 0);
        CHECK(driver.config(32, 1) == 1);
        CHECK(driver.config(34, 2) == 0);
    }
    Bench read_only(100, false);
    VirtioDriver driver(read_only, VirtioAccess::kModern);
    CHECK((driver.features() & 1u << 5) != 0);
    CHECK(driver.config(16, 2) == 1);
}

// vp_init_simple(), init_virtio_blk() and virtio_blk_op() of SeaBIOS 1.16, which polls.
TEST_CASE("virtio block: boots SeaBIOS through each interface") {
    for (const VirtioAccess access : kAll) {
        Bench bench;
        bench.configure(0x04, 0x0003, 2);
        VirtioDriver driver(bench, access);
        driver.set_status(0);
        driver.interrupt_status();
        bench.configure(0x04, 0x0007, 2);
        driver.set_status(0x03);
        if (driver.modern()) {
            const u64 wanted = VirtioDriver::kVersion1 | 1u << 1 | 1u << 2 | 1u << 6;
            driver.accept(driver.features() & wanted);
            driver.set_status(0x0b);
            REQUIRE(driver.status() == 0x0b);
        }
        VirtioDriver::Queue queue = driver.set_up(0, 128);
        REQUIRE(queue.size <= 128);
        bench.memory.put<u16>(queue.available, 1);  // VRING_AVAIL_F_NO_INTERRUPT
        REQUIRE(driver.config(20, 4) == 512);
        driver.set_status(driver.modern() ? 0x0f : 0x07);
        bench.memory.put<u64>(kHeader, 0);
        bench.memory.put<u64>(kHeader + 8, 0);
        bench.memory.put<u8>(kStatus, 2);
        driver.add(queue, {{kHeader, 16}, {0x7c00, 512, true}, {kStatus, 1, true}});
        driver.notify(queue, 0);
        REQUIRE(driver.used(queue).head == 0);
        CHECK(bench.memory.get<u8>(kStatus) == 0);
        CHECK(bench.memory.copy(0x7c00, 512) == sectors(0, 512));
        CHECK_FALSE(bench.interrupt);
        CHECK(driver.interrupt_status() == 0);
        // It does not negotiate flushing: a write is stable when it completes (5.2.6.2).
        bench.memory.put<u32>(kHeader, kOut);
        bench.memory.put<u64>(kHeader + 8, 9);
        driver.add(queue, {{kHeader, 16}, {0x7c00, 1024}, {kStatus, 1, true}});
        driver.notify(queue, 0);
        REQUIRE(driver.used(queue).head == 3);
        CHECK(bench.medium().log == "w9+2 f ");
    }
}

TEST_CASE("virtio block: reads and writes as Linux does, many at once") {
    for (const VirtioAccess access : kAll) {
        Session session(access, kFlush | VirtioDriver::kIndirect | VirtioDriver::kEventIndex);
        for (unsigned i = 0; i < 20; ++i) {
            session.memory.put<u32>(kHeader + 16 * i, kIn);
            session.memory.put<u64>(kHeader + 16 * i + 8, 100 * i);
            session.memory.put<u8>(kStatus + i, 0x55);
            const u64 data = kData + 0x4000 * i;
            session.driver.add_indirect(session.queue, {{kHeader + 16 * i, 16},
                                                        {data, 0x1000, true},
                                                        {data + 0x2000, 0x600, true},
                                                        {kStatus + i, 1, true}});
        }
        session.driver.notify(session.queue, 0);
        CHECK(session.interrupt);
        for (unsigned i = 0; i < 20; ++i) {
            const VirtioDriver::Used used = session.driver.used(session.queue);
            CHECK(used.head == i);
            CHECK(used.written == 0x1601);
            CHECK(session.memory.get<u8>(kStatus + i) == 0);
            const u64 data = kData + 0x4000 * i;
            std::vector<u8> read = session.memory.copy(data, 0x1000);
            const std::vector<u8> second = session.memory.copy(data + 0x2000, 0x600);
            read.insert(read.end(), second.begin(), second.end());
            CHECK(read == sectors(100 * i, 0x1600));
        }
        const std::vector<u8> data = sectors(77, 300 * 512);
        session.memory.fill(kData, data);
        CHECK(session.request(kOut, 1000, 300 * 512) == 0);
        CHECK(session.used.written == 1);
        std::vector<u8> stored(data.size());
        session.medium().read(1000, stored);
        CHECK(stored == data);
        session.medium().read(1300, std::span(stored).first(512));
        CHECK(std::equal(stored.begin(), stored.begin() + 512, sectors(1300, 512).begin()));
        CHECK(session.medium().log == "w1000+128 w1128+128 w1256+44 ");
    }
}

TEST_CASE("virtio block: no layout of descriptors is assumed") {
    Session session;
    session.header(kIn, 7);
    // The header in parts, one of them of nothing; the status behind odd parts of the data.
    session.submit({{kHeader, 3},
                    {kHeader + 3, 0},
                    {kHeader + 3, 12},
                    {kHeader + 15, 1},
                    {kData + 1, 411, true},
                    {kData + 0x1001, 1, true},
                    {kData + 0x2000, 0, true},
                    {kData + 0x3000, 101, true}});
    CHECK(session.used.written == 513);
    const std::vector<u8> expected = sectors(7, 512);
    CHECK(session.memory.copy(kData + 1, 411) ==
          std::vector<u8>(expected.begin(), expected.begin() + 411));
    CHECK(session.memory.get<u8>(kData + 0x1001) == expected[411]);
    CHECK(session.memory.copy(kData + 0x3000, 100) ==
          std::vector<u8>(expected.begin() + 412, expected.end()));
    CHECK(session.memory.get<u8>(kData + 0x3000 + 100) == 0);
    CHECK(session.memory.get<u8>(kData + 0x2000) == 0);
}

TEST_CASE("virtio block: requests that cannot be carried out") {
    Session session(VirtioAccess::kModern, kFlush, 100'000);
    const std::vector<u8> before = session.memory.copy(kData, 4096);
    for (const u32 type : {kIn, kOut}) {
        CHECK(session.request(type, 100'000, 512) == 1);
        CHECK(session.request(type, 99'999, 1024) == 1);
        CHECK(session.request(type, 100'001, 0) == 1);
        CHECK(session.request(type, ~u64{0}, 512) == 1);
        CHECK(session.request(type, u64{1} << 55, 512) == 1);
        CHECK(session.request(type, 0, 511) == 1);
        CHECK(session.request(type, 0, 513) == 1);
        CHECK(session.request(type, 0, 1) == 1);
        CHECK(session.used.written == (type == kIn ? 0 : 1));
        CHECK(session.request(type, 0, VirtioBlock::kLargestRequest + 512) == 1);
        CHECK(session.request(type, 0, 0xffff'fe00) == 1);
        CHECK(session.request(type, 100'000, 0) == 0);
        CHECK(session.request(type, 99'999, 512) == 0);
    }
    CHECK(session.memory.copy(kData + 512, 4096 - 512) ==
          std::vector<u8>(before.begin() + 512, before.end()));
    CHECK(session.medium().log == "w99999+1 ");
    // SCSI, barriers, discarding, zeroes, zones: none was offered.
    for (const u32 type : {2u, 3u, 6u, 7u, 9u, 10u, 11u, 13u, 14u, 15u, 16u, 0x8000'0000u, ~0u})
        CHECK(session.request(type, 0, 512) == 2);
    CHECK(session.driver.status() == 0x0f);
}

TEST_CASE("virtio block: the largest request") {
    Session session(VirtioAccess::kModern, kFlush, 40'000);
    // All of it to the same 64 KiB.
    std::vector<VirtioBuffer> buffers = {{kHeader, 16}};
    for (unsigned i = 0; i < VirtioBlock::kMostSegments; ++i)
        buffers.push_back({kData, VirtioBlock::kLargestSegment, true});
    buffers.push_back({kStatus, 1, true});
    session.header(kIn, 0);
    CHECK(session.submit(buffers) == 0);
    CHECK(session.used.written == VirtioBlock::kLargestRequest + 1);
    const u64 last = (VirtioBlock::kMostSegments - 1) * VirtioBlock::kLargestSegment / 512;
    CHECK(session.memory.copy(kData, 4096) == sectors(last, 4096));
}

TEST_CASE("virtio block: a read-only disk") {
    Session session(VirtioAccess::kModern, kFlush | 1u << 5, 100, false);
    CHECK(session.request(kOut, 0, 512) == 1);
    CHECK(session.medium().log.empty());
    CHECK(session.request(kIn, 0, 512) == 0);
    CHECK(session.request(kFlushRequest, 0, 0) == 0);
}

TEST_CASE("virtio block: its serial number") {
    Session session;
    session.memory.fill(kData, std::vector<u8>(64, 0xee));
    CHECK(session.request(kGetId, 0, 20) == 0);
    CHECK(session.used.written == 21);
    const std::string id = "SEVENTEEN-1";
    std::vector<u8> expected(20);
    std::copy(id.begin(), id.end(), expected.begin());
    CHECK(session.memory.copy(kData, 20) == expected);
    CHECK(session.memory.get<u8>(kData + 20) == 0xee);
    CHECK(session.request(kGetId, 0, 4) == 0);
    CHECK(session.request(kGetId, 0, 40) == 0);
    CHECK(session.used.written == 20);
    VirtioMemory memory;
    VirtioBlock other("other", memory, std::make_unique<LoggedMedium>(1, true),
                      std::string(40, 'x'));
}

TEST_CASE("virtio block: a flush covers the writes before it") {
    for (const VirtioAccess access : kAll) {
        Session session(access, kFlush);
        CHECK(session.request(kOut, 1, 512) == 0);
        CHECK(session.request(kOut, 2, 512) == 0);
        CHECK(session.request(kFlushRequest, 0, 0) == 0);
        CHECK(session.used.written == 1);
        // A batch is carried out in its order.
        session.header(kOut, 3);
        session.memory.put<u32>(kHeader + 16, kFlushRequest);
        session.driver.add(session.queue, {{kHeader, 16}, {kData, 512}, {kStatus, 1, true}});
        session.driver.add(session.queue, {{kHeader + 16, 16}, {kStatus + 1, 1, true}});
        session.driver.add(session.queue, {{kHeader, 16}, {kData, 512}, {kStatus, 1, true}});
        session.driver.notify(session.queue, 0);
        CHECK(session.medium().log == "w1+1 w2+1 f w3+1 f w3+1 ");
        session.medium().log.clear();
        for (unsigned i = 0; i < 3; ++i) session.driver.used(session.queue);
        CHECK(session.request(5, 0, 0) == 0);  // VIRTIO_BLK_T_FLUSH_OUT
        CHECK(session.medium().log == "f ");
    }
}

TEST_CASE("virtio block: who cannot flush has each write flushed") {
    for (const VirtioAccess access : kAll) {
        Session without(access, 0);
        CHECK(without.request(kOut, 1, 512) == 0);
        CHECK(without.medium().log == "w1+1 f ");
        Session chooses(access, kFlush | kConfigWce);
        CHECK(chooses.driver.config(32, 1) == 1);
        CHECK(chooses.request(kOut, 1, 512) == 0);
        chooses.driver.set_config(32, 0, 1);
        CHECK(chooses.driver.config(32, 1) == 0);
        CHECK(chooses.request(kOut, 2, 512) == 0);
        CHECK(chooses.medium().log == "w1+1 w2+1 f ");
    }
    // 5.2.5.2: without flushing the cache begins switched off.
    Session modern(VirtioAccess::kModern, kConfigWce);
    CHECK(modern.driver.config(32, 1) == 0);
    CHECK(modern.request(kOut, 1, 512) == 0);
    CHECK(modern.medium().log == "w1+1 f ");
    // A modern driver that did not ask for the choice has none.
    Session fixed(VirtioAccess::kModern, kFlush);
    fixed.driver.set_config(32, 0, 1);
    CHECK(fixed.driver.config(32, 1) == 1);
    // 5.2.5.3: a legacy one may choose before it says that it will, and features change nothing.
    Bench bench;
    VirtioDriver legacy(bench, VirtioAccess::kLegacy);
    legacy.begin(kConfigWce);
    CHECK(legacy.config(32, 1) == 1);
    legacy.set_config(32, 0, 1);
    legacy.ready();
    CHECK(legacy.config(32, 1) == 0);
}

TEST_CASE("virtio block: requests without a header or a status need a reset") {
    for (const bool status : {false, true}) {
        Session session;
        session.header(kIn, 0);
        if (status)
            session.driver.add(session.queue, {{kHeader, 15}, {kStatus, 1, true}});
        else
            session.driver.add(session.queue, {{kHeader, 16}, {kData, 512}});
        session.driver.notify(session.queue, 0);
        CHECK(session.driver.used(session.queue).head == ~0u);
        CHECK(session.driver.status() == 0x4f);
        CHECK(session.memory.get<u8>(kStatus) == 0x55);
    }
}

TEST_CASE("virtio block: the host's troubles are not the guest's") {
    Session session;
    session.medium().fails = true;
    session.header(kIn, 0);
    session.driver.add(session.queue, {{kHeader, 16}, {kData, 512, true}, {kStatus, 1, true}});
    CHECK_THROWS_AS(session.driver.notify(session.queue, 0), Error);
    CHECK(session.driver.used(session.queue).head == ~0u);
    CHECK(session.memory.get<u8>(kStatus) == 0x55);
    // The registers answer again.
    CHECK(session.driver.status() == 0x0f);
}

TEST_CASE("virtio block: restores, onto a disk of the same size") {
    Session session(VirtioAccess::kModern, kFlush | kConfigWce);
    session.driver.set_config(32, 0, 1);
    session.request(kIn, 3, 512);
    const std::vector<u8> image = session.saved();
    Bench other;
    other.memory.bytes = session.memory.bytes;
    other.restore(image);
    CHECK(other.saved() == image);
    VirtioDriver driver(other, VirtioAccess::kModern);
    CHECK(driver.config(32, 1) == 0);
    CHECK(driver.status() == 0x0f);
    Bench larger(4001);
    CHECK_THROWS_WITH(larger.restore(image), Catch::Contains("another size"));
}

}  // namespace seventeen::devices
