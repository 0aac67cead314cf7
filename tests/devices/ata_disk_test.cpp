// AtaDisk: commands, addressing and errors of ATA/ATAPI-6 (T13/1410D), through its channel.
#include "devices/ata_disk.h"

#include <catch2/catch.hpp>

#include "tests/devices/ide_bench.h"

namespace seventeen::devices {

namespace {

constexpr u64 kSectors = 4 * 16 * 63;

struct Bench : IdeBench {
    TestMedium medium{kSectors};
    AtaDisk disk{"disk 0", clock.scheduler, medium};

    Bench() { channel.attach(0, disk); }
    std::vector<u8> stored(u64 sector, std::size_t count) {
        std::vector<u8> bytes(count * 512);
        medium.read(sector, bytes);
        return bytes;
    }
};

u16 word(const std::vector<u8>& block, unsigned at) {
    return static_cast<u16>(block[2 * at] | block[2 * at + 1] << 8);
}

}  // namespace

TEST_CASE("ATA: after reset the signature tells a disk") {
    Bench bench;
    CHECK(bench.alternate() == 0x50);
    CHECK(bench.in(1) == 0x01);
    CHECK(bench.in(2) == 0x01);
    CHECK(bench.in(3) == 0x01);
    CHECK(bench.in(4) == 0x00);
    CHECK(bench.in(5) == 0x00);
    bench.registers(0x55, 0xaa, 0x12, 0x34, 0xe0);
    bench.control(0x04);
    CHECK(bench.alternate() == 0x80);
    bench.control(0x00);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.in(2) == 0x01);
    CHECK(bench.in(5) == 0x00);
    CHECK(bench.interrupts == 0);
}

TEST_CASE("ATA: IDENTIFY DEVICE describes the disk") {
    Bench bench;
    bench.command(0xec);
    CHECK(bench.alternate() == 0x80);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.interrupts == 1);
    const std::vector<u8> block = bench.take(512);
    CHECK(bench.alternate() == 0x50);
    CHECK(word(block, 1) == 4);
    CHECK(word(block, 3) == 16);
    CHECK(word(block, 6) == 63);
    CHECK(word(block, 27) == ('S' << 8 | 'E'));
    CHECK(word(block, 60) == kSectors);
    CHECK(word(block, 100) == kSectors);
    CHECK((word(block, 83) & 0xc400) == 0x4400);
    CHECK((word(block, 49) & 0x0300) == 0x0300);
    CHECK((word(block, 82) & 1) == 0);  // no SMART
}

TEST_CASE("ATA: reads sectors by LBA, an interrupt each") {
    Bench bench;
    bench.registers(2, 5, 0, 0, 0xe0);
    bench.command(0x20);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.master.interrupt(0).level());
    CHECK(bench.in(7) == 0x58);
    CHECK_FALSE(bench.master.interrupt(0).level());
    CHECK(bench.take(512) == pattern(5, 1));
    CHECK(bench.alternate() == 0x80);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.take(512, 4) == pattern(6, 1));
    CHECK(bench.wait() == 0x50);
    CHECK(bench.interrupts == 2);
    CHECK(bench.in(3) == 6);
}

TEST_CASE("ATA: addresses by cylinder, head and sector, translated as told") {
    Bench bench;
    bench.registers(1, 3, 1, 0, 0xa2);
    bench.command(0x20);
    bench.wait();
    CHECK(bench.take(512) == pattern((1 * 16 + 2) * 63 + 2, 1));
    bench.registers(17, 0, 0, 0, 0xa3);  // 4 heads, 17 sectors
    bench.command(0x91);
    CHECK(bench.wait() == 0x50);
    bench.registers(1, 3, 1, 0, 0xa2);
    bench.command(0x20);
    bench.wait();
    CHECK(bench.take(512) == pattern((1 * 4 + 2) * 17 + 2, 1));
    bench.registers(1, 18, 0, 0, 0xa0);
    bench.command(0x20);
    CHECK(bench.wait() == 0x51);
    CHECK(bench.in(1) == 0x10);
}

TEST_CASE("ATA: 48-bit commands take the earlier writes as the high halves") {
    Bench bench;
    bench.registers(0, 0, 0, 0, 0xe0);
    bench.registers(1, 0x21, 0x02, 0, 0xe0);
    bench.command(0x24);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.take(512) == pattern(0x221, 1));
    bench.registers(0, 1, 0, 0, 0xe0);  // LBA bits 24..31
    bench.registers(1, 0x21, 0x02, 0, 0xe0);
    bench.control(0x80);
    CHECK(bench.in(3) == 1);
    bench.control(0x00);
    CHECK(bench.in(3) == 0x21);
    bench.command(0x24);
    CHECK(bench.wait() == 0x51);
    CHECK(bench.in(1) == 0x10);
}

TEST_CASE("ATA: refuses what leaves the disk") {
    Bench bench;
    const u64 last = kSectors - 1;
    bench.registers(2, static_cast<u8>(last), static_cast<u8>(last >> 8), 0, 0xe0);
    bench.command(0x20);
    CHECK(bench.wait() == 0x51);
    CHECK(bench.interrupts == 1);
    bench.out(2, 1);
    bench.command(0x20);
    CHECK(bench.wait() == 0x58);
}

TEST_CASE("ATA: writes sectors; the first is asked for without an interrupt") {
    Bench bench;
    bench.registers(2, 9, 0, 0, 0xe0);
    bench.command(0x30);
    CHECK(bench.alternate() == 0x58);
    CHECK(bench.interrupts == 0);
    bench.give(pattern(100, 1));
    CHECK(bench.alternate() == 0x80);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.interrupts == 1);
    bench.in(7);
    bench.give(pattern(101, 1));
    CHECK(bench.wait() == 0x50);
    CHECK(bench.interrupts == 2);
    CHECK(bench.stored(9, 2) == pattern(100, 2));
    CHECK(bench.stored(11, 1) == pattern(11, 1));
    bench.command(0xe7);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.medium.flushes == 1);
}

TEST_CASE("ATA: SET MULTIPLE sets the block of READ and WRITE MULTIPLE") {
    Bench bench;
    bench.registers(5, 0, 0, 0, 0xe0);
    bench.command(0xc4);
    CHECK(bench.wait() == 0x51);  // not set yet
    CHECK(bench.in(1) == 0x04);
    bench.out(2, 3);
    bench.command(0xc6);
    CHECK(bench.wait() == 0x51);
    bench.out(2, 4);
    bench.command(0xc6);
    CHECK(bench.wait() == 0x50);
    bench.in(7);
    bench.interrupts = 0;
    bench.registers(5, 0, 0, 0, 0xe0);
    bench.command(0xc4);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.take(4 * 512) == pattern(0, 4));
    bench.in(7);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.take(512) == pattern(4, 1));
    CHECK(bench.alternate() == 0x50);
    bench.in(7);
    CHECK(bench.interrupts == 2);
    bench.registers(5, 20, 0, 0, 0xe0);
    bench.command(0xc5);
    bench.give(pattern(40, 4), 4);
    CHECK(bench.wait() == 0x58);
    bench.give(pattern(44, 1), 4);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.stored(20, 5) == pattern(40, 5));
}

TEST_CASE("ATA: features, power and refusals") {
    Bench bench;
    const auto run = [&](u8 command, u8 feature, u8 count) {
        bench.out(1, feature);
        bench.out(2, count);
        bench.command(command);
        return bench.wait();
    };
    CHECK(run(0xef, 0x03, 0x45) == 0x50);  // Ultra DMA 5
    CHECK(run(0xef, 0x03, 0x47) == 0x51);
    CHECK(run(0xef, 0x7e, 0) == 0x51);
    CHECK(run(0xe0, 0, 0) == 0x50);
    CHECK(run(0xe5, 0, 0x55) == 0x50);
    CHECK(bench.in(2) == 0x00);
    CHECK(run(0xe1, 0, 0) == 0x50);
    CHECK(run(0xe5, 0, 0) == 0x50);
    CHECK(bench.in(2) == 0xff);
    for (const u8 refused : {0x00, 0xa0, 0xa1, 0xb0, 0xff}) {
        CHECK(run(refused, 0, 0) == 0x51);
        CHECK(bench.in(1) == 0x04);
    }
    bench.command(0xec);
    bench.wait();
    const std::vector<u8> block = bench.take(512);
    CHECK(word(block, 88) == 0x203f);
    CHECK(word(block, 63) == 0x0007);
}

TEST_CASE("ATA: EXECUTE DEVICE DIAGNOSTIC passes with an interrupt") {
    Bench bench;
    bench.registers(0, 0, 0, 0, 0xb0);
    bench.command(0x90);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.in(1) == 0x01);
    CHECK(bench.in(6) == 0xa0);
    CHECK(bench.interrupts == 1);
}

TEST_CASE("ATA: a disk that cannot be written says so") {
    IdeBench bench;
    TestMedium medium(100, false);
    AtaDisk disk("disk 0", bench.clock.scheduler, medium);
    bench.channel.attach(0, disk);
    bench.registers(1, 0, 0, 0, 0xe0);
    bench.command(0x30);
    CHECK(bench.wait() == 0x51);
    CHECK(bench.in(1) == 0x04);
}

TEST_CASE("ATA: restores in the middle of a read") {
    Bench bench;
    bench.registers(3, 5, 0, 0, 0xe0);
    bench.command(0x20);
    bench.wait();
    bench.take(100);
    Writer writer;
    bench.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Bench other;
    other.restore(image, bench.clock.retired);
    CHECK(other.take(412) == bench.take(412));
    CHECK(other.wait() == 0x58);
    CHECK(other.take(512) == pattern(6, 1));
}

TEST_CASE("ATA: restores after a command that would have left the disk") {
    Bench bench;
    bench.registers(1, 0xff, 0xff, 0xff, 0xef);
    bench.command(0x20);
    CHECK(bench.wait() == 0x51);
    Writer writer;
    bench.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Bench other;
    other.restore(image, bench.clock.retired);
    CHECK(other.alternate() == 0x51);
}

TEST_CASE("ATA: restores after a write through the data register") {
    Bench bench;
    bench.registers(1, 5, 0, 0, 0xe0);
    bench.command(0x30);
    bench.give(pattern(9, 1));
    CHECK(bench.wait() == 0x50);
    Writer writer;
    bench.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Bench other;
    other.restore(image, bench.clock.retired);
    CHECK(other.alternate() == 0x50);
}

}  // namespace seventeen::devices
