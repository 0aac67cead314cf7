// x, xp, print, gva2gpa, i and o.
#include <catch2/catch.hpp>

#include "app/monitor.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

namespace {

constexpr PhysicalAddress kData{0x1000};

// Linear c0000000h is physical 1000h, for the supervisor only; nothing else is mapped.
void turn_paging_on(machine::Platform& platform) {
    constexpr u32 kPresentWritable = 3;
    platform.memory().write<u32>({0x2000 + 0x300 * 4}, 0x3000 | kPresentWritable);
    platform.memory().write<u32>({0x3000}, 0x1000 | kPresentWritable);
    platform.cpu().cr3 = 0x2000;
    platform.cpu().cr0 |= kCr0Pe | kCr0Pg;
    platform.mmu().flush_all();
}

}  // namespace

TEST_CASE("xp shows RAM in every format") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    idle.pc.platform().memory().write<u64>(kData, 0x8877665544332241);
    CHECK(monitor.execute("xp 0x1000") == "00001000: 0x44332241\n");
    CHECK(monitor.execute("xp /4xb 0x1000") == "00001000: 0x41 0x22 0x33 0x44\n");
    CHECK(monitor.execute("xp/2xh 0x1000") == "00001000: 0x2241 0x4433\n");
    CHECK(monitor.execute("xp /gx 0x1000") == "00001000: 0x8877665544332241\n");
    CHECK(monitor.execute("xp /2cb 0x1000") == "00001000: 'A' '\"'\n");
    CHECK(monitor.execute("xp /cb 0x1007") == "00001007: '\\x88'\n");
    CHECK(monitor.execute("xp /db 0x1007") == "00001007: -120\n");
    CHECK(monitor.execute("xp /ub 0x1007") == "00001007: 136\n");
    CHECK(monitor.execute("xp /ob 0x1000") == "00001000: 0101\n");
    CHECK(monitor.execute("xp /5xw 0x1000 - 8 + 4") ==
          "00000ffc: 0x00000000 0x44332241 0x88776655 0x00000000\n0000100c: 0x00000000\n");
}

TEST_CASE("xp sees ROM, and leaves devices alone") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("xp /xb 0xfffffff0") == "fffffff0: 0xf4\n");
    CHECK(monitor.execute("xp 0xe0000000") == "there is no memory at 0xe0000000\n");
    CHECK(monitor.execute("xp 0xb8000") ==
          "at 0xb8000 is a device (vga), which looking at would change\n");
    CHECK_THAT(monitor.execute("xp /8xw 0x9fff0"),
               Catch::StartsWith("0009fff0: 0x0") && Catch::Contains("\nat 0xa0000 is a device"));
}

TEST_CASE("x goes through the page tables and touches nothing") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    machine::Platform& platform = idle.pc.platform();
    platform.memory().write<u32>(kData, 0x12345678);
    CHECK(monitor.execute("x 0x1000") == "00001000: 0x12345678\n");
    turn_paging_on(platform);
    const u64 before = platform.digest();
    CHECK(monitor.execute("x 0xc0000000") == "c0000000: 0x12345678\n");
    CHECK(monitor.execute("x 0x1000") == "0x1000 is not mapped\n");
    CHECK(monitor.execute("x /2xw 0xc0000ffc") ==
          "c0000ffc: 0x00000000\n0xc0001000 is not mapped\n");
    CHECK(monitor.execute("gva2gpa 0xc0000123") == "gpa: 0x1123\n");
    CHECK(monitor.execute("gva2gpa 0") == "0x0 is not mapped\n");
    CHECK(platform.digest() == before);
}

TEST_CASE("print computes") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("print 6*7") == "42\n");
    CHECK(monitor.execute("p /x $pc") == "0xfffffff0\n");
    CHECK(monitor.execute("p -1") == "-1\n");
    CHECK(monitor.execute("p /u -1") == "18446744073709551615\n");
    CHECK(monitor.execute("p") == "the expression is missing\n");
    CHECK_THAT(monitor.execute("p $nothing"), Catch::Contains("no register '$nothing'"));
}

TEST_CASE("i and o access ports as the guest would") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("o 0x80 0x5a").empty());
    CHECK(monitor.execute("i 0x80") == "portb[0x0080] = 0x5a\n");
    CHECK(monitor.execute("info post") == "5a\n");
    CHECK(monitor.execute("o /w 0xcf8 0x80000000").empty());
    CHECK(monitor.execute("i /w 0xcfc") == "portl[0x0cfc] = 0x12378086\n");
    CHECK(monitor.execute("i /h 0xcfc") == "portw[0x0cfc] = 0x8086\n");
    CHECK(monitor.execute("i /g 0xcfc") == "a port is one, two or four bytes wide\n");
    CHECK(monitor.execute("i 0x10000") == "there is no port 0x10000; the last is 0xffff\n");
    CHECK(monitor.execute("o 0x80") == "the value is missing\n");
}

}  // namespace seventeen::app
