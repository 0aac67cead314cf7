// info pic, irq and lapic.
#include <catch2/catch.hpp>

#include "app/monitor.h"
#include "machine/memory_map.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("info pic and info irq") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    for (const char* line :
         {"o 0x20 0x11", "o 0x21 0x08", "o 0x21 0x04", "o 0x21 0x01", "o 0x21 0xb8", "o 0xa0 0x11",
          "o 0xa1 0x70", "o 0xa1 0x02", "o 0xa1 0x01", "o 0xa1 0x8e"})
        CHECK(monitor.execute(line).empty());
    CHECK_THAT(monitor.execute("info pic"), StartsWith("pic0: irr=") &&
                                                Contains("imr=b8 isr=00 irq_base=08\npic1: irr=") &&
                                                Contains("imr=8e isr=00 irq_base=70\nioapic0:\n"));
    const std::string requests = monitor.execute("info irq");
    CHECK_THAT(requests, Contains("  3  0x0b    masked\n"));
    CHECK_THAT(requests, Contains("  6  0x0e   \n"));
    CHECK_THAT(requests, Contains(" 15  0x77    masked\n"));
}

TEST_CASE("info pic shows what the I/O APIC's pins are set to") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    mmu::PhysicalMemory& memory = idle.pc.platform().memory();
    CHECK_THAT(monitor.execute("info pic"),
               Contains("  pin  9 0x0000000000010000 vec=00 dest=00 physical fixed active-hi edge"
                        " masked"));
    const PhysicalAddress window = machine::kIoApic + 0x10;
    for (const auto& [index, value] : {std::pair(0x22u, 0x0000a951u), {0x23u, 0x02000000u}}) {
        memory.write<u32>(machine::kIoApic, index);
        memory.write<u32>(window, value);
    }
    CHECK_THAT(monitor.execute("info pic"),
               Contains("  pin  9 0x020000000000a951 vec=51 dest=02 logical lowest active-lo "
                        "level"));
}

TEST_CASE("A PC without APICs shows its 8259s alone") {
    machine::PcOptions options = IdlePc::options();
    options.apic = false;
    machine::Pc pc(std::move(options));
    CHECK_THAT(Monitor(pc).execute("info pic"), StartsWith("pic0: ") && !Contains("ioapic"));
}

TEST_CASE("info lapic") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("info lapic") ==
          "lapic 0: enabled, tpr=00\nrequested: none\nin service: none\n");
    idle.pc.platform().memory().write<u32>(machine::kLocalApic + 0x80, 0x20);
    idle.pc.platform().memory().write<u32>(machine::kLocalApic + 0xf0, 0x1ff);
    // An interrupt to itself (SDM 3A 10.6.1): self, fixed, vector 41h.
    idle.pc.platform().memory().write<u32>(machine::kLocalApic + 0x300, 0x44041);
    CHECK(monitor.execute("info lapic") ==
          "lapic 0: enabled, tpr=20\nrequested: 41\nin service: none\n");
}

}  // namespace seventeen::app
