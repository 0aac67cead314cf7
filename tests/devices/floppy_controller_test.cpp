// Tests of the 82077AA as a BIOS and a driver use it (Intel 82077AA datasheet).
#include "devices/floppy_controller.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

using Bytes = std::vector<u8>;
constexpr u64 kSector = 200'000'000 / 18;

// The contents outlive the medium, which the drive owns.
struct Medium final : BlockMedium {
    Bytes& bytes;
    bool may_write;
    Medium(Bytes& contents, bool writable) : bytes(contents), may_write(writable) {}
    u64 sectors() const override { return bytes.size() / kSectorSize; }
    void read(u64 sector, std::span<u8> into) override {
        REQUIRE((sector * kSectorSize + into.size()) <= bytes.size());
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize), into.size(),
                    into.begin());
    }
    void write(u64 sector, std::span<const u8> from) override {
        REQUIRE((sector * kSectorSize + from.size()) <= bytes.size());
        std::copy(from.begin(), from.end(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize));
    }
    void flush() override {}
    bool writable() const override { return may_write; }
};

// Moves up to `limit` bytes in all, to or from `bytes`.
struct Channel final : DmaChannel {
    Bytes bytes;
    std::size_t limit = 0;
    std::size_t position = 0;
    std::size_t read(std::span<u8> into) override {
        const std::size_t size = std::min(into.size(), limit - position);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(position), size, into.begin());
        position += size;
        return size;
    }
    std::size_t write(std::span<const u8> from) override {
        const std::size_t size = std::min(from.size(), limit - position);
        bytes.insert(bytes.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(size));
        position += size;
        return size;
    }
    bool terminal_count() const override { return position == limit; }
};

struct Fixture {
    TestClock clock;
    Channel dma;
    Bytes disk;
    FloppyController chip{clock.scheduler, dma, {}};

    u8 read(u64 offset) {
        return static_cast<u8>(chip.read(FloppyController::kRegisters, offset, 1));
    }
    void write(u64 offset, u8 value) { chip.write(FloppyController::kRegisters, offset, value, 1); }
    bool changed() { return chip.read(FloppyController::kDirection, 0, 1) & 0x80; }
    void set_rate(u8 rate) { chip.write(FloppyController::kDirection, 0, rate, 1); }

    // Each sector holds its own number.
    void insert(std::size_t sectors, bool writable = true) {
        disk.resize(sectors * 512);
        for (std::size_t i = 0; i < disk.size(); ++i)
            disk[i] = static_cast<u8>(i % 2 == 0 ? i / 512 : i / 512 >> 8);
        chip.drive(0).insert(std::make_unique<Medium>(disk, writable));
    }
    void start() {
        write(2, 0x00);
        write(2, 0x1c);  // out of reset, motor 0 on, interrupts and DMA let through
        clock.advance(100'000);
        for (unsigned i = 0; i < 4; ++i) command({0x08}, 2);
        set_rate(0);
        command({0x03, 0xdf, 0x02}, 0);
    }
    void transfer(std::size_t size, Bytes bytes = {}) {
        dma.bytes = std::move(bytes);
        dma.limit = size;
        dma.position = 0;
    }
    Bytes results(std::size_t size) {
        Bytes bytes;
        for (std::size_t i = 0; i < size; ++i) {
            REQUIRE((read(4) & 0xd0) == 0xd0);
            bytes.push_back(read(5));
        }
        REQUIRE((read(4) & 0xf0) == 0x80);
        return bytes;
    }
    void send(const Bytes& bytes) {
        for (const u8 byte : bytes) {
            REQUIRE((read(4) & 0xc0) == 0x80);
            write(5, byte);
        }
    }
    Bytes command(const Bytes& bytes, std::size_t answer) {
        send(bytes);
        return results(answer);
    }
    // A command that ends with an interrupt and seven results.
    Bytes run(const Bytes& bytes) {
        send(bytes);
        CHECK_FALSE(chip.interrupt().level());
        clock.advance(5'000'000'000);
        CHECK(chip.interrupt().level());
        const Bytes answer = results(7);
        CHECK_FALSE(chip.interrupt().level());
        return answer;
    }
    Bytes seek(const Bytes& bytes) {
        send(bytes);
        CHECK(read(4) == 0x81);
        clock.advance(2'000'000'000);
        CHECK(chip.interrupt().level());
        return command({0x08}, 2);
    }
};

Bytes numbered(unsigned first, unsigned count) {
    Bytes bytes;
    for (unsigned sector = first; sector < first + count; ++sector)
        for (unsigned i = 0; i < 512; ++i)
            bytes.push_back(static_cast<u8>(i % 2 == 0 ? sector : sector >> 8));
    return bytes;
}

}  // namespace

TEST_CASE("A disk's format follows from its size", "[floppy]") {
    const auto [kilobytes, cylinders, heads, sectors] =
        GENERATE(table<u64, int, int, int>({{160, 40, 1, 8},
                                            {180, 40, 1, 9},
                                            {320, 40, 2, 8},
                                            {360, 40, 2, 9},
                                            {720, 80, 2, 9},
                                            {1200, 80, 2, 15},
                                            {1440, 80, 2, 18},
                                            {2880, 80, 2, 36}}));
    const std::optional<FloppyGeometry> geometry = floppy_geometry(kilobytes * 2);
    REQUIRE(geometry);
    CHECK(geometry->cylinders == cylinders);
    CHECK(geometry->heads == heads);
    CHECK(geometry->sectors == sectors);
    CHECK_FALSE(floppy_geometry(kilobytes * 2 + 1));
}

TEST_CASE_METHOD(Fixture, "Leaving reset interrupts and reports four drives", "[floppy]") {
    write(2, 0x00);
    CHECK(read(4) == 0x00);
    write(2, 0x0c);
    CHECK_FALSE(chip.interrupt().level());
    clock.advance(100'000);
    CHECK(chip.interrupt().level());
    CHECK(read(4) == 0x80);
    for (u8 i = 0; i < 4; ++i) CHECK(command({0x08}, 2) == Bytes{static_cast<u8>(0xc0 | i), 0});
    CHECK_FALSE(chip.interrupt().level());
    CHECK(command({0x08}, 1) == Bytes{0x80});
    write(4, 0x80);  // the self-clearing reset of DSR
    clock.advance(100'000);
    CHECK(chip.interrupt().level());
    write(2, 0x04);  // the gate closes
    CHECK_FALSE(chip.interrupt().level());
}

TEST_CASE_METHOD(Fixture, "Commands without a transfer answer at once", "[floppy]") {
    start();
    CHECK(command({0x10}, 1) == Bytes{0x90});
    CHECK(command({0x01}, 1) == Bytes{0x80});
    CHECK(command({0x18}, 1) == Bytes{0x80});  // not an 82078
    command({0x13, 0x00, 0x47, 0x12}, 0);
    command({0x12, 0x84}, 0);
    CHECK(command({0x94}, 1) == Bytes{0x10});
    CHECK(command({0x0e}, 10) == Bytes{0, 0, 0, 0, 0xdf, 0x02, 0, 0x84, 0x47, 0x12});
    write(2, 0x18);
    write(2, 0x1c);
    clock.advance(100'000);
    for (unsigned i = 0; i < 4; ++i) command({0x08}, 2);
    CHECK(command({0x0e}, 10)[8] == 0x47);  // locked
    CHECK(command({0x14}, 1) == Bytes{0x00});
    write(2, 0x18);
    write(2, 0x1c);
    clock.advance(100'000);
    for (unsigned i = 0; i < 4; ++i) command({0x08}, 2);
    CHECK(command({0x0e}, 10)[8] == 0x20);
}

TEST_CASE_METHOD(Fixture, "Seeking takes a step time for each track", "[floppy]") {
    insert(2880);
    start();
    send({0x0f, 0x00, 10});
    CHECK(read(4) == 0x81);
    clock.advance(30'000'000);  // ten steps of 3 ms, and the head must settle
    CHECK_FALSE(chip.interrupt().level());
    clock.advance(100'000);
    CHECK(chip.interrupt().level());
    CHECK(command({0x08}, 2) == Bytes{0x20, 10});
    CHECK(read(4) == 0x80);
    CHECK(command({0x04, 0x04}, 1) == Bytes{0x2c});
    CHECK(seek({0xcf, 0x00, 5}) == Bytes{0x20, 15});
    CHECK(seek({0x8f, 0x00, 2}) == Bytes{0x20, 13});
    CHECK(seek({0x07, 0x00}) == Bytes{0x20, 0});
    CHECK(command({0x04, 0x00}, 1) == Bytes{0x38});
    // There is no third drive, so that no track 0 is found.
    send({0x07, 0x02});
    clock.advance(2'000'000'000);
    CHECK(command({0x08}, 2) == Bytes{0x72, 0});
}

TEST_CASE_METHOD(Fixture, "Two drives seek at once", "[floppy]") {
    start();
    send({0x0f, 0x00, 10});
    send({0x0f, 0x01, 10});
    CHECK(read(4) == 0x83);
    clock.advance(1'000'000'000);
    CHECK(command({0x08}, 2) == Bytes{0x20, 10});
    CHECK(chip.interrupt().level());
    CHECK(command({0x08}, 2) == Bytes{0x21, 10});
    CHECK_FALSE(chip.interrupt().level());
}

TEST_CASE_METHOD(Fixture, "The change line stays until a step with a disk inside", "[floppy]") {
    start();
    CHECK(changed());
    seek({0x0f, 0x00, 1});
    CHECK(changed());
    insert(2880);
    CHECK(changed());
    seek({0x0f, 0x00, 0});
    CHECK_FALSE(changed());
    chip.drive(0).eject();
    CHECK(changed());
    write(2, 0x0c);  // only a drive whose motor is on drives the line
    CHECK_FALSE(changed());
}

TEST_CASE_METHOD(Fixture, "Sectors are read until terminal count", "[floppy]") {
    insert(2880);
    start();
    transfer(1024);
    send({0xe6, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff});
    CHECK(read(4) == 0x10);
    clock.advance(2 * kSector - 1);
    CHECK_FALSE(chip.interrupt().level());
    clock.advance(1);
    CHECK(chip.interrupt().level());
    CHECK(results(7) == Bytes{0, 0, 0, 0, 0, 4, 2});
    CHECK(dma.bytes == numbered(1, 2));
}

TEST_CASE_METHOD(Fixture, "A multi-track read goes on at the other side", "[floppy]") {
    insert(2880);
    start();
    seek({0x0f, 0x00, 3});
    transfer(4 * 512);
    CHECK(run({0xe6, 0x00, 3, 0, 17, 2, 18, 0x1b, 0xff}) == Bytes{0x04, 0, 0, 3, 1, 3, 2});
    CHECK(dma.bytes == numbered(3 * 36 + 16, 4));
    // Up to the last sector of the cylinder: the next is on the next one.
    transfer(512);
    CHECK(run({0xe6, 0x04, 3, 1, 18, 2, 18, 0x1b, 0xff}) == Bytes{0x00, 0, 0, 4, 0, 1, 2});
    // Without multi-track, and with more wanted than there is.
    transfer(1024);
    CHECK(run({0x46, 0x00, 3, 0, 18, 2, 18, 0x1b, 0xff}) == Bytes{0x40, 0x80, 0, 4, 0, 1, 2});
}

TEST_CASE_METHOD(Fixture, "Sectors are written, a short last one with zeros", "[floppy]") {
    insert(2880);
    start();
    transfer(600, Bytes(600, 0xab));
    CHECK(run({0xc5, 0x04, 0, 1, 1, 2, 18, 0x1b, 0xff}) == Bytes{0x04, 0, 0, 0, 1, 3, 2});
    const auto at = [this](std::size_t sector, std::size_t byte) {
        return disk[sector * 512 + byte];
    };
    CHECK(at(18, 0) == 0xab);
    CHECK(at(19, 87) == 0xab);
    CHECK(at(19, 88) == 0);
    CHECK(at(19, 511) == 0);
    CHECK(at(20, 0) == 20);
}

TEST_CASE_METHOD(Fixture, "What can't be found or written is reported", "[floppy]") {
    insert(2880, false);
    start();
    transfer(512);
    CHECK(run({0xc5, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff})[1] == 0x02);
    CHECK(command({0x04, 0x00}, 1) == Bytes{0x78});
    Bytes answer = run({0xe6, 0x00, 0, 0, 19, 2, 18, 0x1b, 0xff});
    CHECK(Bytes(answer.begin(), answer.begin() + 3) == Bytes{0x40, 0x04, 0x00});
    answer = run({0xe6, 0x00, 7, 0, 1, 2, 18, 0x1b, 0xff});  // the head is elsewhere
    CHECK(Bytes(answer.begin(), answer.begin() + 3) == Bytes{0x40, 0x04, 0x10});
    answer = run({0xe6, 0x00, 0, 0, 1, 3, 18, 0x1b, 0xff});
    CHECK(answer[1] == 0x04);
    set_rate(2);
    answer = run({0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff});
    CHECK(Bytes(answer.begin(), answer.begin() + 3) == Bytes{0x40, 0x01, 0x00});
    set_rate(0);
    write(2, 0x0c);  // the motor stops
    CHECK(run({0x4a, 0x00})[1] == 0x01);
    write(2, 0x1c);
    CHECK(run({0x4a, 0x00})[1] == 0x00);
    chip.drive(0).eject();
    CHECK(run({0x4a, 0x00})[1] == 0x01);
    transfer(0);
    insert(2880);
    CHECK(run({0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff})[1] == 0x10);  // DMA does not answer
}

TEST_CASE_METHOD(Fixture, "READ ID tells the sector under the head", "[floppy]") {
    insert(2880);
    start();
    seek({0x0f, 0x00, 5});
    send({0x4a, 0x04});
    clock.advance(kSector + 1);
    const Bytes first = results(7);
    CHECK(first[0] == 0x04);
    CHECK(first[3] == 5);
    CHECK(first[4] == 1);
    CHECK(first[5] >= 1);
    CHECK(first[5] <= 18);
    send({0x4a, 0x04});
    clock.advance(kSector + 1);
    CHECK(results(7)[5] == first[5] % 18 + 1);
}

TEST_CASE_METHOD(Fixture, "Implied seeks move the head", "[floppy]") {
    insert(2880);
    start();
    command({0x13, 0x00, 0x40, 0x00}, 0);
    transfer(512);
    CHECK(run({0xe6, 0x00, 9, 0, 1, 2, 18, 0x1b, 0xff})[0] == 0x00);
    CHECK(dma.bytes == numbered(9 * 36, 1));
    CHECK(chip.drive(0).cylinder() == 9);
}

TEST_CASE_METHOD(Fixture, "VERIFY reads and moves nothing", "[floppy]") {
    insert(2880);
    start();
    CHECK(run({0xd6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}) == Bytes{0, 0, 0, 1, 0, 1, 2});
    CHECK(run({0x56, 0x80, 0, 0, 4, 2, 18, 0x1b, 3}) == Bytes{0, 0, 0, 0, 0, 7, 2});
    CHECK(dma.position == 0);
}

TEST_CASE_METHOD(Fixture, "FORMAT fills the sectors whose IDs it is given", "[floppy]") {
    insert(2880);
    start();
    seek({0x0f, 0x00, 1});
    Bytes ids;
    for (u8 sector = 1; sector <= 18; ++sector)
        for (const u8 byte : {u8{1}, u8{1}, sector, u8{2}}) ids.push_back(byte);
    transfer(ids.size(), ids);
    CHECK(run({0x4d, 0x04, 2, 18, 0x54, 0xf6})[0] == 0x04);
    const auto filled = [this](std::size_t sector) { return disk[sector * 512 + 1] == 0xf6; };
    CHECK_FALSE(filled(53));
    for (std::size_t sector = 54; sector < 72; ++sector) REQUIRE(filled(sector));
    CHECK_FALSE(filled(72));
    ids[2] = 40;
    transfer(ids.size(), ids);
    CHECK(run({0x4d, 0x04, 2, 18, 0x54, 0xf6})[1] == 0x04);
}

TEST_CASE_METHOD(Fixture, "Programmed I/O moves a byte at a time", "[floppy]") {
    insert(2880);
    start();
    command({0x03, 0xdf, 0x03}, 0);
    send({0x46, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff});
    CHECK(read(4) == 0x70);
    Bytes bytes;
    for (unsigned sector = 0; sector < 2; ++sector) {
        clock.advance(kSector);
        CHECK(chip.interrupt().level());
        for (unsigned i = 0; i < 512; ++i) {
            REQUIRE(read(4) == 0xf0);
            bytes.push_back(read(5));
        }
    }
    CHECK(bytes == numbered(16, 2));
    // No terminal count comes: the end of the cylinder ends the command.
    CHECK(results(7) == Bytes{0x40, 0x80, 0, 1, 0, 1, 2});
    send({0x45, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff});
    clock.advance(kSector);
    CHECK(read(4) == 0xb0);
    for (unsigned i = 0; i < 512; ++i) write(5, 0xcd);
    CHECK(results(7)[1] == 0x80);
    CHECK(disk[17 * 512] == 0xcd);
    CHECK(disk[18 * 512 - 1] == 0xcd);
}

TEST_CASE_METHOD(Fixture, "Deleted data is not what images hold", "[floppy]") {
    insert(2880);
    start();
    transfer(1024);
    CHECK(run({0x4c, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff})[2] == 0x40);
    CHECK(dma.bytes == numbered(0, 1));
}

TEST_CASE_METHOD(Fixture, "A double-density disk is read at its own rates", "[floppy]") {
    insert(720);
    start();
    set_rate(2);
    transfer(512);
    CHECK(run({0xe6, 0x04, 0, 1, 9, 2, 9, 0x2a, 0xff})[0] == 0x00);
    CHECK(dma.bytes == numbered(17, 1));
    Bytes odd(777 * 512);
    CHECK_THROWS_AS(chip.drive(1).insert(std::make_unique<Medium>(odd, true)), Error);
}

TEST_CASE_METHOD(Fixture, "A restored floppy controller goes on where it was", "[floppy]") {
    insert(2880);
    start();
    transfer(1024);
    send({0xe6, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff});
    send({});
    clock.advance(kSector);
    const std::vector<u8> image = saved(clock, chip);
    Fixture other;
    other.insert(2880);
    other.transfer(512);
    restore(image, clock.retired, other.clock, other.chip);
    CHECK(saved(other.clock, other.chip) == image);
    other.clock.advance(kSector);
    CHECK(other.chip.interrupt().level());
    CHECK(other.results(7) == Bytes{0, 0, 0, 0, 0, 4, 2});
    CHECK(other.dma.bytes == numbered(2, 1));
}

}  // namespace seventeen::devices
