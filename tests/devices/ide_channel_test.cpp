// IdeChannel: two drives on a cable, selection, nIEN and absent drives (ATA/ATAPI-6, 7).
#include "devices/ide_channel.h"

#include <catch2/catch.hpp>

#include "devices/ata_disk.h"
#include "tests/devices/ide_bench.h"

namespace seventeen::devices {

namespace {

struct Bench : IdeBench {
    TestMedium first{1000};
    TestMedium other{2000};
    AtaDisk disk{"disk 0", clock.scheduler, first};
    AtaDisk slave{"disk 1", clock.scheduler, other};

    Bench() {
        channel.attach(0, disk);
        channel.attach(1, slave);
    }
    unsigned identified() {
        command(0xec);
        wait();
        const std::vector<u8> block = take(512);
        return block[120] | block[121] << 8;
    }
};

}  // namespace

TEST_CASE("IDE: the device register selects the drive that answers") {
    Bench bench;
    bench.out(6, 0xe0);
    CHECK(bench.identified() == 1000);
    bench.out(6, 0xf0);
    CHECK(bench.in(6) == 0xf0);
    CHECK(bench.identified() == 2000);
    bench.control(0x04);
    bench.control(0x00);
    bench.wait();
    CHECK(bench.in(6) == 0xa0);
    CHECK(bench.identified() == 1000);
}

TEST_CASE("IDE: nIEN holds the interrupt back, selection follows its drive") {
    Bench bench;
    bench.control(0x02);
    bench.command(0xec);
    CHECK(bench.wait() == 0x58);
    CHECK_FALSE(bench.channel.interrupt().level());
    bench.control(0x00);
    CHECK(bench.channel.interrupt().level());
    bench.take(512);
    CHECK(bench.channel.interrupt().level());  // not acknowledged yet
    bench.out(6, 0xf0);
    CHECK_FALSE(bench.channel.interrupt().level());
    bench.out(6, 0xe0);
    CHECK(bench.channel.interrupt().level());
    bench.alternate();
    CHECK(bench.channel.interrupt().level());
    bench.in(7);
    CHECK_FALSE(bench.channel.interrupt().level());
}

TEST_CASE("IDE: a drive at work ignores its registers") {
    Bench bench;
    bench.registers(1, 2, 0, 0, 0xe0);
    bench.command(0x20);
    bench.out(3, 9);
    bench.command(0xec);
    bench.out(6, 0xf0);
    CHECK(bench.wait() == 0x58);
    CHECK(bench.in(3) == 2);
    CHECK(bench.take(512) == pattern(2, 1));
}

TEST_CASE("IDE: an absent drive and an empty cable read as zeros") {
    IdeBench bench;
    CHECK(bench.in(7) == 0);
    CHECK(bench.alternate() == 0);
    bench.command(0xec);
    CHECK(bench.wait() == 0);
    TestMedium medium(1000);
    AtaDisk disk("disk 0", bench.clock.scheduler, medium);
    bench.channel.attach(0, disk);
    bench.out(6, 0xb0);
    CHECK(bench.in(6) == 0xb0);
    CHECK(bench.in(7) == 0);
    bench.out(6, 0xa0);
    CHECK(bench.in(7) == 0x50);
}

}  // namespace seventeen::devices
