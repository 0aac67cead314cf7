// AtapiCdrom: packet commands through registers and DMA (ATA/ATAPI-6 9.8, MMC-3).
#include "devices/atapi_cdrom.h"

#include <catch2/catch.hpp>

#include "tests/devices/ide_bench.h"

namespace seventeen::devices {

namespace {

constexpr u32 kDiscSectors = 400;

struct Bench : IdeBench {
    TestMedium disc{kDiscSectors * 4};
    AtapiCdrom drive{"cdrom", clock.scheduler};

    explicit Bench(bool loaded = true) {
        channel.attach(0, drive);
        drive.restore_disc(loaded ? &disc : nullptr);
    }
    u8 packet(std::vector<u8> bytes, u16 limit = 0xfffe, u8 features = 0) {
        bytes.resize(12);
        registers(0, 0, static_cast<u8>(limit), static_cast<u8>(limit >> 8), 0xa0);
        out(1, features);
        command(0xa0);
        CHECK(alternate() == 0x58);
        CHECK(in(2) == 0x01);
        give(bytes);
        CHECK(alternate() == 0x80);
        return wait();
    }
    unsigned byte_count() { return in(4) | in(5) << 8; }
    // Everything until the drive is done.
    std::vector<u8> collect() {
        std::vector<u8> all;
        while ((alternate() & 0x08) != 0) {
            CHECK(in(2) == 0x02);
            const std::vector<u8> part = take(byte_count());
            all.insert(all.end(), part.begin(), part.end());
            wait();
        }
        CHECK(in(2) == 0x03);
        return all;
    }
    std::vector<u8> sense() {
        CHECK(packet({0x03, 0, 0, 0, 18}) == 0x58);
        const std::vector<u8> data = collect();
        return {data[2], data[12]};
    }
};

using Bytes = std::vector<u8>;

}  // namespace

TEST_CASE("ATAPI: signature, and IDENTIFY for packet devices only") {
    Bench bench;
    CHECK(bench.alternate() == 0x00);
    CHECK(bench.in(4) == 0x14);
    CHECK(bench.in(5) == 0xeb);
    bench.registers(0, 0, 0, 0, 0xa0);
    bench.command(0xec);
    CHECK(bench.alternate() == 0x41);
    CHECK(bench.in(1) == 0x04);
    CHECK(bench.in(4) == 0x14);
    bench.command(0xa1);
    CHECK((bench.wait() & 0x88) == 0x08);
    const Bytes block = bench.take(512);
    CHECK((block[0] | block[1] << 8) == 0x85c0);
    CHECK(bench.alternate() == 0x40);
    bench.registers(0, 0, 0, 0, 0xa0);
    bench.command(0x08);  // DEVICE RESET
    CHECK(bench.alternate() == 0x00);
    CHECK(bench.in(5) == 0xeb);
}

TEST_CASE("ATAPI: INQUIRY, READ CAPACITY and READ TOC") {
    Bench bench;
    CHECK(bench.packet({0x12, 0, 0, 0, 36}) == 0x58);
    const Bytes inquiry = bench.collect();
    CHECK(inquiry.size() == 36);
    CHECK(inquiry[0] == 0x05);
    bench.packet({0x12, 0, 0, 0, 8});
    CHECK(bench.collect().size() == 8);
    bench.packet({0x25});
    CHECK(bench.collect() == Bytes{0, 0, 1, 0x8f, 0, 0, 8, 0});
    bench.packet({0x43, 0, 0, 0, 0, 0, 0, 0, 100});
    CHECK(bench.collect() ==
          Bytes{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x16, 0xaa, 0, 0, 0, 1, 0x90});
    bench.packet({0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100});
    CHECK(bench.collect() == Bytes{0, 10, 1, 1, 0, 0x16, 0xaa, 0, 0, 0, 7, 25});
    bench.packet({0x43, 0, 1, 0, 0, 0, 0, 0, 12});
    CHECK(bench.collect() == Bytes{0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("ATAPI: READ in blocks of the host's byte count, an interrupt each and one at the end") {
    Bench bench;
    CHECK(bench.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 3}, 3001) == 0x58);
    CHECK(bench.byte_count() == 3000);
    unsigned blocks = 0;
    Bytes all;
    while ((bench.in(7) & 0x08) != 0) {
        const Bytes part = bench.take(bench.byte_count());
        all.insert(all.end(), part.begin(), part.end());
        ++blocks;
        bench.wait();
    }
    CHECK(blocks == 3);
    CHECK(bench.interrupts == 4);
    CHECK(all == pattern(28, 12));
    CHECK(bench.packet({0xa8, 0, 0, 0, 1, 0x8f, 0, 0, 0, 1}, 2048) == 0x58);
    CHECK(bench.collect() == pattern(399 * 4, 4));
    CHECK(bench.packet({0xbe, 0, 0, 0, 0, 2, 0, 0, 1, 0x10}) == 0x58);
    CHECK(bench.collect() == pattern(8, 4));
    CHECK(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 0}) == 0x50);     // nothing is no error
    CHECK(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 0) == 0x41);  // nowhere to put it
}

TEST_CASE("ATAPI: refuses what leaves the disc and what it does not know") {
    Bench bench;
    CHECK(bench.packet({0x28, 0, 0, 0, 1, 0x8f, 0, 0, 2}) == 0x51);
    CHECK(bench.in(1) == 0x54);
    CHECK(bench.sense() == Bytes{5, 0x21});
    CHECK(bench.sense() == Bytes{0, 0});
    CHECK(bench.packet({0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) == 0x51);
    CHECK(bench.packet({0xff}) == 0x51);
    CHECK(bench.sense() == Bytes{5, 0x20});
    CHECK(bench.packet({0xbe, 0, 0, 0, 0, 2, 0, 0, 1, 0xf8}) == 0x51);
    CHECK(bench.sense() == Bytes{5, 0x24});
}

TEST_CASE("ATAPI: READ by DMA") {
    Bench bench;
    bench.memory.put32(0x1000, 0x20000);
    bench.memory.put32(0x1004, 0);
    bench.memory.put32(0x1008, 0x30000);
    bench.memory.put32(0x100c, 0x80000000 | 0x1000);
    bench.master_out(4, 0x1000, 4);
    bench.packet({0x28, 0, 0, 0, 0, 3, 0, 0, 34}, 0, 1);
    bench.interrupts = 0;
    bench.master_out(0, 0x09);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.interrupts == 1);
    CHECK(bench.in(2) == 0x03);
    CHECK(bench.master_in(2) == 0x04);
    const auto first = bench.memory.bytes.begin() + 0x20000;
    CHECK(Bytes(first, first + 34 * 2048) == pattern(12, 136));
}

TEST_CASE("ATAPI: a change of disc is told once, by UNIT ATTENTION and by an event") {
    Bench bench(false);
    CHECK(bench.packet({0x00}) == 0x51);
    CHECK(bench.in(1) == 0x20);
    CHECK(bench.sense() == Bytes{2, 0x3a});
    bench.drive.change_disc(&bench.disc);
    CHECK(bench.packet({0x12, 0, 0, 0, 36}) == 0x58);  // INQUIRY looks past it
    bench.collect();
    CHECK(bench.packet({0x00}) == 0x51);
    CHECK(bench.sense() == Bytes{6, 0x28});
    CHECK(bench.packet({0x00}) == 0x50);
    const Bytes poll{0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8};
    bench.packet(poll);
    CHECK(bench.collect() == Bytes{0, 6, 4, 0x10, 2, 2, 0, 0});
    bench.packet(poll);
    CHECK(bench.collect() == Bytes{0, 6, 4, 0x10, 0, 2, 0, 0});
    bench.drive.change_disc(nullptr);
    bench.packet(poll);
    CHECK(bench.collect() == Bytes{0, 6, 4, 0x10, 3, 0, 0, 0});
}

TEST_CASE("ATAPI: the tray opens unless it is locked") {
    Bench bench;
    CHECK(bench.packet({0x1e, 0, 0, 0, 1}) == 0x50);
    CHECK(bench.packet({0x1b, 0, 0, 0, 2}) == 0x51);
    CHECK(bench.sense() == Bytes{5, 0x53});
    CHECK(bench.packet({0x1e, 0, 0, 0, 0}) == 0x50);
    CHECK(bench.packet({0x1b, 0, 0, 0, 2}) == 0x50);
    CHECK(bench.drive.tray_open());
    CHECK(bench.packet({0x25}) == 0x51);
    CHECK(bench.sense() == Bytes{2, 0x3a});
    bench.packet({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8});
    CHECK(bench.collect() == Bytes{0, 0x10, 0, 0, 0, 1, 0, 0});
    CHECK(bench.packet({0x1b, 0, 0, 0, 3}) == 0x50);
    CHECK(bench.packet({0x00}) == 0x51);
    CHECK(bench.packet({0x00}) == 0x50);
}

TEST_CASE("ATAPI: MODE SENSE tells capabilities") {
    Bench bench;
    bench.packet({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128});
    const Bytes page = bench.collect();
    REQUIRE(page.size() == 28);
    CHECK(page[1] == 26);
    CHECK(page[8] == 0x2a);
    CHECK(page[9] == 18);
    CHECK(page[14] == 0x29);
    bench.packet({0x5a, 0, 0x7f, 0, 0, 0, 0, 0, 128});  // changeable: nothing
    const Bytes all = bench.collect();
    REQUIRE(all.size() == 36);
    CHECK(all[8] == 0x01);
    CHECK(all[11] == 0);
    CHECK(all[16] == 0x2a);
    CHECK(all[22] == 0);
    CHECK(bench.packet({0x5a, 0, 0x05, 0, 0, 0, 0, 0, 128}) == 0x51);
}

TEST_CASE("ATAPI: a disc taken out in the middle of a read ends it") {
    Bench bench;
    bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 4}, 2048);
    bench.drive.change_disc(nullptr);
    bench.take(2048);
    CHECK(bench.wait() == 0x51);
    CHECK(bench.sense() == Bytes{2, 0x3a});
}

TEST_CASE("ATAPI: restores in the middle of a read") {
    Bench bench;
    bench.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 3}, 2048);
    bench.take(1000);
    Writer writer;
    bench.save(writer);
    const Bytes image = std::move(writer).finish();
    Bench other;
    other.restore(image, bench.clock.retired);
    const Bytes rest = other.take(1048);
    CHECK(rest == bench.take(1048));
    other.wait();
    CHECK(other.collect() == pattern(32, 8));
}

}  // namespace seventeen::devices
