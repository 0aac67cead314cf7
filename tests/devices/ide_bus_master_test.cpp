// IdeBusMaster: descriptors, direction, status and abort (82371SB datasheet 290550, 2.6).
#include "devices/ide_bus_master.h"

#include <catch2/catch.hpp>

#include "devices/ata_disk.h"
#include "tests/devices/ide_bench.h"

namespace seventeen::devices {

namespace {

struct Bench : IdeBench {
    TestMedium medium{4000};
    AtaDisk disk{"disk 0", clock.scheduler, medium};

    Bench() { channel.attach(0, disk); }
    void descriptor(unsigned index, u32 address, u32 count) {
        memory.put32(0x1000 + 8 * index, address);
        memory.put32(0x1004 + 8 * index, count);
    }
    void begin(u8 disk_command, u8 sectors, u8 lba, u8 direction) {
        master_out(4, 0x1000, 4);
        master_out(0, direction);
        master_out(2, 0x66);
        registers(sectors, lba, 0, 0, 0xe0);
        command(disk_command);
        master_out(0, direction | 1);
    }
    std::vector<u8> memory_at(u64 at, std::size_t size) {
        const auto first = memory.bytes.begin() + static_cast<std::ptrdiff_t>(at);
        return {first, first + static_cast<std::ptrdiff_t>(size)};
    }
};

}  // namespace

TEST_CASE("BMIDE: firmware recognises it and its base address") {
    Bench bench;
    CHECK(bench.master.read_config(0, 4) == 0x70108086);
    CHECK(bench.master.read_config(0x08, 4) == 0x01018000);
    bench.master.write_config(0x20, 0xffffffff, 4);
    CHECK(bench.master.read_config(0x20, 4) == 0xfffffff1);
}

TEST_CASE("BMIDE: reads into scattered memory") {
    Bench bench;
    bench.descriptor(0, 0x20ffe, 0x400);
    bench.descriptor(1, 0x40000, 0x80000000 | 0x200);
    bench.begin(0xc8, 3, 7, 0x08);
    CHECK(bench.master_in(2) == 0x61);
    CHECK(bench.alternate() == 0x80);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.master_in(2) == 0x64);
    CHECK(bench.interrupts == 1);
    CHECK(bench.memory_at(0x20ffe, 0x400) == pattern(7, 2));
    CHECK(bench.memory_at(0x40000, 0x200) == pattern(9, 1));
    CHECK(bench.memory.bytes[0x40200] == 0);
    bench.master_out(2, 0x04);
    CHECK(bench.master_in(2) == 0x00);
}

TEST_CASE("BMIDE: writes from memory, in time that grows with size") {
    Bench bench;
    const std::vector<u8> data = pattern(900, 200);
    std::copy(data.begin(), data.end(), bench.memory.bytes.begin() + 0x20000);
    bench.descriptor(0, 0x20000, 0);  // 64 KiB
    bench.descriptor(1, 0x30000, 0x80000000 | (200 * 512 - 0x10000));
    bench.begin(0xca, 200, 5, 0x00);
    bench.clock.advance(500'000);
    CHECK(bench.interrupts == 0);
    bench.clock.advance(1'000'000);
    CHECK(bench.interrupts == 1);
    CHECK(bench.alternate() == 0x50);
    std::vector<u8> stored(200 * 512);
    bench.medium.read(5, stored);
    CHECK(stored == data);
    std::vector<u8> after(512);
    bench.medium.read(205, after);
    CHECK(after == pattern(205, 1));
}

TEST_CASE("BMIDE: regions larger or smaller than the transfer") {
    Bench bench;
    bench.descriptor(0, 0x20000, 0x80000000 | 0x1000);
    bench.begin(0xc8, 1, 7, 0x08);
    bench.wait();
    CHECK(bench.master_in(2) == 0x65);  // interrupt, still active
    CHECK(bench.memory.bytes[0x20200] == 0);
    bench.master_out(0, 0x08);
    CHECK(bench.master_in(2) == 0x64);
    bench.in(7);
    bench.begin(0xc8, 16, 7, 0x08);
    bench.wait();
    CHECK(bench.master_in(2) == 0x60);  // over, no interrupt: the drive waits
    CHECK(bench.alternate() == 0x58);
    bench.control(0x04);
    bench.control(0x00);
    CHECK(bench.wait() == 0x50);
}

TEST_CASE("BMIDE: stopping discards, and the wrong direction moves nothing") {
    Bench bench;
    bench.descriptor(0, 0x20000, 0x80000000 | 0x200);
    bench.begin(0xc8, 1, 7, 0x08);
    bench.master_out(0, 0x00);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.memory.bytes[0x20000] == 0);
    CHECK(bench.master_in(2) == 0x60);
    bench.control(0x04);
    bench.control(0x00);
    bench.wait();
    bench.begin(0xca, 1, 7, 0x08);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.memory.bytes[0x20000] == 0);
}

TEST_CASE("BMIDE: hostile tables end") {
    Bench bench;
    // A table in memory that is not there, all ones: 64 KiB regions at the end of the space.
    bench.master_out(4, 0xfffffff8, 4);
    bench.registers(0, 0, 0, 0, 0xe0);
    bench.command(0xc8);
    bench.master_out(0, 0x09);
    bench.clock.advance(10'000'000);
    CHECK((bench.master_in(2) & 1) == 0);
    CHECK(bench.alternate() == 0x58);
    bench.reset_all();
    CHECK(bench.master_in(2) == 0);
}

TEST_CASE("BMIDE: waits for the command register's leave") {
    Bench bench;
    bench.master.write_config(0x04, 0x0001, 2);
    bench.descriptor(0, 0x20000, 0x80000000 | 0x200);
    bench.begin(0xc8, 1, 7, 0x08);
    CHECK(bench.wait() == 0x58);
    bench.master.write_config(0x04, 0x0005, 2);
    CHECK(bench.wait() == 0x50);
    CHECK(bench.memory_at(0x20000, 0x200) == pattern(7, 1));
}

TEST_CASE("BMIDE: restores in the middle of a transfer") {
    Bench bench;
    bench.descriptor(0, 0x20000, 0x8000);
    bench.descriptor(1, 0x30000, 0x80000000 | 0x8000);
    bench.begin(0xc8, 128, 7, 0x08);
    bench.clock.advance(400'000);
    REQUIRE(bench.memory.bytes[0x20001] == pattern(7, 1)[1]);
    REQUIRE(bench.memory.bytes[0x30001] == 0);
    Writer writer;
    bench.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Bench other;
    other.memory.bytes = bench.memory.bytes;
    other.restore(image, bench.clock.retired);
    CHECK(other.wait() == 0x50);
    CHECK(other.memory_at(0x30000, 0x8000) == pattern(71, 64));
    CHECK(other.interrupts == 1);
}

}  // namespace seventeen::devices
