// info mtree, roms, tlb and mem.
#include <catch2/catch.hpp>

#include "app/monitor.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

using Catch::Contains;

TEST_CASE("info mtree shows RAM, ROM, devices and ports") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    const std::string text = monitor.execute("info mtree");
    CHECK_THAT(text, Catch::StartsWith("memory\n  000000000-00009ffff: RAM from 0\n"));
    CHECK_THAT(text, Contains("  000100000-000ffffff: RAM from 100000\n"));
    CHECK_THAT(text, Contains("  0000f0000-0000fffff: ROM\n"));
    CHECK_THAT(text, Contains("  0ffff0000-0ffffffff: ROM\n"));
    CHECK_THAT(text, Contains("  0000a0000-0000bffff: vga (region 3, widest 4)\n"));
    CHECK_THAT(text, Contains("  0040-0043: interval timer (region 0, widest 1)\n"));
    CHECK_THAT(text, Contains("  0cf8-0cfb: PCI bus (region 0, widest 4)\n"));
    CHECK(monitor.execute("info roms") ==
          "  0000f0000-0000fffff: ROM\n  0ffff0000-0ffffffff: ROM\n");
}

TEST_CASE("info mtree follows the guest's own mappings") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    // PAM: f0000h is RAM from now on (82441FX, 59h).
    monitor.execute("o/w 0xcf8 0x80000058");
    monitor.execute("o/b 0xcfd 0x30");
    CHECK(monitor.execute("info roms") == "  0ffff0000-0ffffffff: ROM\n");
    CHECK_THAT(monitor.execute("info mtree"), Contains("  0000f0000-000ffffff: RAM from f0000\n"));
}

TEST_CASE("info tlb and info mem show the page tables") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    machine::Platform& platform = idle.pc.platform();
    CHECK(monitor.execute("info tlb") == "paging is off: linear addresses are physical ones\n");
    CHECK(monitor.execute("info mem") == "paging is off\n");
    constexpr u32 kPresent = 1;
    constexpr u32 kWritable = 2;
    constexpr u32 kUser = 4;
    mmu::PhysicalMemory& memory = platform.memory();
    memory.write<u32>({0x2000}, 0x3000 | kPresent | kWritable | kUser);
    memory.write<u32>({0x3000 + 4 * 1}, 0x10000 | kPresent | kWritable | kUser);
    memory.write<u32>({0x3000 + 4 * 2}, 0x11000 | kPresent | kWritable | kUser);
    memory.write<u32>({0x3000 + 4 * 3}, 0x20000 | kPresent | kWritable | kUser);
    memory.write<u32>({0x3000 + 4 * 5}, 0x30000 | kPresent);
    platform.cpu().cr3 = 0x2000;
    platform.cpu().cr0 |= kCr0Pe | kCr0Pg | kCr0Wp;
    platform.mmu().flush_all();
    const u64 before = platform.digest();
    CHECK(monitor.execute("info tlb") ==
          "00001000-00002fff: 000010000 urw\n"
          "00003000-00003fff: 000020000 urw\n"
          "00005000-00005fff: 000030000 -r-\n");
    CHECK(monitor.execute("info mem") ==
          "00001000-00004000 00003000 urw\n"
          "00005000-00006000 00001000 -r-\n");
    CHECK(platform.digest() == before);
}

}  // namespace seventeen::app
