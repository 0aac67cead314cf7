// info registers, pci, status and the parts that others tell about.
#include <catch2/catch.hpp>

#include "app/monitor.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("info registers") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CpuState& cpu = idle.pc.platform().cpu();
    cpu.set_reg32(Gpr::kAx, 0xdeadbeef);
    cpu.set_reg32(Gpr::kSp, 0x7c00);
    cpu.set_eflags(kFlagIf | kFlagZf | kFlagCf);
    cpu.fpu.xmm[3].lanes = {0x1111, 0x2222};
    const std::string text = monitor.execute("info registers");
    CHECK_THAT(text, StartsWith("EAX=deadbeef EBX=00000000 "));
    CHECK_THAT(text, Contains("ESP=00007c00\n"));
    CHECK_THAT(text, Contains("EIP=0000fff0 EFL=00000243 [---Z--C] CPL=0 "));
    CHECK_THAT(text, Contains("CS =f000 ffff0000 0000ffff "));
    CHECK_THAT(text, Contains("DR6=ffff0ff0 DR7=00000400 "));
    CHECK_THAT(text, Contains("XMM03=00000000000022220000000000001111\n"));
    CHECK_THAT(text, Contains("A20=1"));
}

TEST_CASE("info pci walks the bus") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    const std::string text = monitor.execute("info pci");
    CHECK_THAT(text, StartsWith("  Bus  0, device   0, function 0: "));
    CHECK_THAT(text, Contains("Host bridge 0600: PCI device 8086:1237\n"));
    CHECK_THAT(text, Contains("ISA bridge 0601: PCI device 8086:7000\n"));
    CHECK_THAT(text, Contains("IDE controller 0101: PCI device 8086:7010\n"));
    CHECK_THAT(text, Contains("VGA controller 0300: PCI device 1234:1111\n"));
    CHECK_THAT(text, Contains("BAR0: 32 bit prefetchable memory of 0x1000000 bytes, not decoded"));
    // The framebuffer, placed and switched on as firmware does.
    for (const char* line :
         {"o/w 0xcf8 0x80001010", "o/w 0xcfc 0xe0000000", "o/w 0xcf8 0x80001004", "o/h 0xcfc 2"})
        monitor.execute(line);
    CHECK_THAT(monitor.execute("info pci"),
               Contains("BAR0: 32 bit prefetchable memory at 0xe0000000 [0xe0ffffff].\n"));
}

TEST_CASE("info status tells how far the machine is") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    idle.pc.run({.retired = 1});
    CHECK_THAT(monitor.execute("info status"), Contains("\n1 instructions, 0.0"));
}

TEST_CASE("Other parts tell about themselves") {
    IdlePc idle;
    MonitorLinks links;
    links.block = [] { return std::string("floppy0: a.img\n"); };
    links.jit = [] { return std::string("7 blocks"); };
    links.mmu = [] { return std::string("24 page tables\n"); };
    links.network = [] { return std::string(); };
    links.version = [] { return std::string("17"); };
    Monitor monitor(idle.pc, links);
    CHECK(monitor.execute("info block") == "floppy0: a.img\n");
    CHECK(monitor.execute("info jit") == "7 blocks\n");
    CHECK(monitor.execute("info mmu") == "24 page tables\n");
    CHECK(monitor.execute("info network").empty());
    CHECK(monitor.execute("info version") == "17\n");
    CHECK(monitor.execute("info snapshots") == "there is none in this session\n");
}

}  // namespace seventeen::app
