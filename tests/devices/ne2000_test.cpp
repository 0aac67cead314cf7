// The NE2000 and the RTL8029: probing, PROM, remote DMA, reset, PCI and snapshots.
#include "devices/ne2000.h"

#include <catch2/catch.hpp>

#include "core/bus.h"
#include "core/error.h"
#include "tests/devices/ne2000_guest.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

TEST_CASE("NE2000: Linux' probe finds an 8390 behind a reset port") {
    IsaBench bench;
    Ne2000Guest& guest = bench.guest;
    CHECK(guest.in(0x00) == 0x21);
    guest.out(0x00, 0x61);
    guest.out(0x0d, 0xff);  // MAR5, were it another chip's counter
    guest.out(0x00, 0x20);
    guest.in(0x0d);
    CHECK(guest.in(0x0d) == 0);
    CHECK((guest.in(0x07) & 0x80) == 0);

    guest.out(Ne2000Guest::kResetPort, guest.in(Ne2000Guest::kResetPort));
    CHECK((guest.in(0x07) & 0x80) != 0);
    CHECK(guest.in(0x00) == 0x21);
    guest.out(0x07, 0xff);
    CHECK(guest.in(0x07) == 0x80);  // no write clears RST, the start command does
    guest.out(0x00, 0x22);
    CHECK(guest.in(0x07) == 0x00);
}

TEST_CASE("NE2000: the PROM is doubled for bytes and tells a 16-bit card") {
    IsaBench bench;
    bench.guest.out(0x0e, 0x48);
    const Frame prom = bench.guest.read_memory(0, 32, 1);
    for (std::size_t i = 0; i < 32; i += 2) CHECK(prom[i] == prom[i + 1]);
    for (std::size_t i = 0; i < 6; ++i) CHECK(prom[2 * i] == kStation[i]);
    CHECK(prom[28] == 0x57);
    CHECK(prom[30] == 0x57);
    CHECK(bench.guest.in(0x07) == 0x40);  // RDC

    // ne2k-pci reads bytes from a card that moves words.
    bench.guest.out(0x07, 0x40);
    bench.guest.out(0x0e, 0x49);
    bench.guest.remote(0x0a, 0, 32);
    for (std::size_t i = 0; i < 16; ++i) {
        CHECK((bench.guest.in(0x07) & 0x40) == 0);
        const u64 byte = bench.guest.in(Ne2000Guest::kDataPort);
        if (i < 6) CHECK(byte == kStation[i]);
    }
    CHECK((bench.guest.in(0x07) & 0x40) != 0);

    // Not writable.
    bench.guest.write_memory(0, Frame(32, 0xaa), 2);
    CHECK(bench.guest.read_memory(0, 2, 2) == Frame{0x52, 0x52});
}

// iPXE tries an NE1000's memory first.
TEST_CASE("NE2000: buffer memory lies from 4000 to 7fff, and again without A15") {
    IsaBench bench;
    const Frame text = {'N', 'E', '*', '0', '0', '0', ' ', 'm', 'e', 'm', 'o', 'r', 'y', 0};
    bench.guest.out(0x0e, 0x48);
    bench.guest.write_memory(0x2000, text, 1);
    CHECK(bench.guest.read_memory(0x2000, 14, 1) == Frame(14, 0xff));
    bench.guest.out(0x0e, 0x49);
    bench.guest.write_memory(0x4000, text, 2);
    CHECK(bench.guest.read_memory(0x4000, 14, 2) == text);
    CHECK(bench.guest.read_memory(0xc000, 14, 2) == text);
    bench.guest.write_memory(0x7ff2, text, 2);
    CHECK(bench.guest.read_memory(0x7ff2, 14, 2) == text);
    CHECK(bench.guest.read_memory(0x8000, 2, 2) == Frame{0x52, 0x52});
}

TEST_CASE("NE2000: words, doublewords and bytes pass through the data port alike") {
    IsaBench bench;
    Ne2000Guest& guest = bench.guest;
    const Frame bytes = {1, 2, 3, 4, 5, 6, 7};
    for (const u8 word : {u8{0}, u8{1}}) {
        for (const Width width : {1u, 2u, 4u}) {
            if (word != 0 && width == 1) continue;  // a word a byte: as the PROM's test has it
            guest.out(0x0e, 0x48 | word);
            guest.write_memory(0x4100, bytes, width);
            CHECK(guest.read_memory(0x4100, 7, width) == bytes);
        }
    }
    // An odd count leaves one byte, and a whole word is moved for it.
    guest.out(0x0e, 0x49);
    guest.out(0x07, 0xff);
    guest.remote(0x0a, 0x4100, 7);
    CHECK(guest.in(Ne2000Guest::kDataPort, 4) == 0x04030201);
    CHECK(guest.in(Ne2000Guest::kDataPort, 2) == 0x0605);
    CHECK((guest.in(0x07) & 0x40) == 0);
    CHECK(guest.in(Ne2000Guest::kDataPort, 1) == 0x07);
    CHECK((guest.in(0x07) & 0x40) != 0);
    CHECK(guest.in(0x08) == 0x08);
    CHECK(guest.in(0x09) == 0x41);
}

TEST_CASE("NE2000: the data port does nothing without its remote DMA") {
    IsaBench bench;
    Ne2000Guest& guest = bench.guest;
    guest.out(0x0e, 0x49);
    guest.write_memory(0x4000, {1, 2, 3, 4}, 2);
    CHECK(guest.in(Ne2000Guest::kDataPort, 2) == 0xffff);  // over
    guest.remote(0x0a, 0x4000, 4);
    guest.out(Ne2000Guest::kDataPort, 0x9999, 2);  // the wrong way
    CHECK(guest.in(Ne2000Guest::kDataPort, 2) == 0x0201);
    guest.out(0x00, 0x22);  // aborted
    CHECK(guest.in(Ne2000Guest::kDataPort, 2) == 0xffff);
    guest.remote(0x0a, 0x4000, 4);
    guest.out(0x00, 0x40);  // iPXE changes pages so; the DMA goes on
    guest.out(0x00, 0x00);
    CHECK(guest.in(Ne2000Guest::kDataPort, 2) == 0x0201);
}

TEST_CASE("NE2000: a remote DMA without bytes interrupts, for drivers that look for their line") {
    IsaBench bench;
    bench.guest.out(0x0f, 0x50);
    CHECK_FALSE(bench.card.interrupt().level());
    bench.guest.remote(0x0a, 0, 0);
    CHECK(bench.card.interrupt().level());
    bench.guest.out(0x0f, 0x00);
    CHECK_FALSE(bench.card.interrupt().level());
    bench.guest.out(0x0f, 0x40);
    CHECK(bench.card.interrupt().level());
    bench.guest.out(0x07, 0x40);
    CHECK_FALSE(bench.card.interrupt().level());
}

TEST_CASE("NE2000: pages 1 and 2 read back what pages 0 and 1 were told") {
    IsaBench bench;
    Ne2000Guest& guest = bench.guest;
    guest.start(0x1d);
    guest.out(0x00, 0x62);
    for (unsigned i = 0; i < 8; ++i) guest.out(0x08 + i, 0x10 + i);
    for (unsigned i = 0; i < 6; ++i) CHECK(guest.in(0x01 + i) == kStation[i]);
    CHECK(guest.in(0x07) == Ne2000Guest::kRingStart);
    for (unsigned i = 0; i < 8; ++i) CHECK(guest.in(0x08 + i) == 0x10 + i);
    CHECK(guest.in(0x08, 4) == 0x13121110);
    guest.out(0x00, 0xa2);
    CHECK(guest.in(0x01) == Ne2000Guest::kRingStart);
    CHECK(guest.in(0x02) == Ne2000Guest::kRingStop);
    CHECK(guest.in(0x04) == Ne2000Guest::kTransmitStart);
    CHECK(guest.in(0x0c) == 0x1d);
    CHECK(guest.in(0x0d) == 0x00);
    CHECK(guest.in(0x0e) == 0x49);
    CHECK(guest.in(0x0f) == 0x3f);
    guest.out(0x01, 0x00);  // nobody's
    CHECK(guest.in(0x01) == Ne2000Guest::kRingStart);
    CHECK(guest.in(0x00) == 0xa2);
}

TEST_CASE("RTL8029: Linux and BIOSes find the function") {
    PciBus bus;
    Rtl8029 card(kStation);
    bus.attach(3, 0, card);
    CHECK(card.read_config(0x00, 4) == 0x802910ec);
    CHECK(card.read_config(0x0a, 2) == 0x0200);
    CHECK(card.read_config(0x3d, 1) == 1);
    card.write_config(0x10, 0xffffffff, 4);
    CHECK(card.read_config(0x10, 4) == 0xffffffe1);
    card.write_config(0x10, 0xc000, 4);
    card.write_config(0x04, 1, 1);
    CHECK(card.bar_address(Rtl8029::kBar) == 0xc000u);

    Ne2000Guest guest(card);
    CHECK(guest.in(0x0a) == 0x50);
    CHECK(guest.in(0x0b) == 0x43);
    guest.out(0x00, 0xe1);
    CHECK(guest.in(0x0e, 2) == 0x8029);
    // set_realtek_fdx of Linux
    guest.out(0x06, 0x00);
    CHECK(guest.in(0x06) == 0x40);
    guest.out(0x01, 0xc0);
    guest.out(0x06, 0x00);
    CHECK(guest.in(0x06) == 0x00);
    guest.out(0x06, 0x40);
    CHECK(guest.in(0x06) == 0x40);
    guest.out(0x01, 0x00);
    card.reset();
    CHECK(card.bar_address(Rtl8029::kBar) == std::nullopt);
    CHECK(guest.in(0x00) == 0x21);
}

TEST_CASE("RTL8029: its interrupt reaches the bus") {
    PciBus bus;
    Rtl8029 card(kStation);
    bus.attach(3, 0, card);
    Ne2000Guest guest(card);
    guest.start();
    card.receive(frame_to_card(100));
    CHECK(bus.interrupt(2).level());
    guest.out(0x07, 0x01);
    CHECK_FALSE(bus.interrupt(2).level());
}

TEST_CASE("NE2000: an access on a bus is the same, whole or split") {
    Bus ports("port", 0x10000);
    IsaBench bench;
    ports.claim({.first = 0x300,
                 .size = Ne2000Card::kPorts,
                 .device = &bench.card,
                 .region = Ne2000::kRegisters});
    bench.guest.start();
    bench.guest.remote(0x12, 0x4000, 4);
    ports.write(0x310, 0x44332211, 4);
    bench.guest.remote(0x0a, 0x4000, 4);
    CHECK(ports.read(0x310, 2) == 0x2211);
    CHECK(ports.read(0x310, 2) == 0x4433);
    CHECK(ports.read(0x31e, 4) == 0xffff0000);  // the reset port, and nothing behind it
    CHECK(bench.guest.in(0x00) == 0x21);
}

TEST_CASE("NE2000: a snapshot holds the ring and a DMA under way") {
    TestClock clock;
    IsaBench bench;
    bench.guest.start();
    bench.card.receive(frame_to_card(300, 5));
    bench.guest.remote(0x0a, 0x4c00, 300);
    bench.guest.in(Ne2000Guest::kDataPort, 2);
    const std::vector<u8> image = saved(clock, bench.card);

    TestClock other_clock;
    IsaBench other;
    restore(image, clock.retired, other_clock, other.card);
    CHECK(other.card.interrupt().level());
    CHECK(saved(other_clock, other.card) == image);
    CHECK(other.guest.in(Ne2000Guest::kDataPort, 2) == 300 + 4);
    CHECK(other.guest.receive()->frame == frame_to_card(300, 5));
}

TEST_CASE("RTL8029: a snapshot brings back its place and its interrupt") {
    TestClock clock;
    PciBus bus;
    Rtl8029 card(kStation);
    bus.attach(3, 0, card);
    card.write_config(0x10, 0xc000, 4);
    card.write_config(0x04, 1, 1);
    Ne2000Guest guest(card);
    guest.start();
    card.receive(frame_to_card(100));

    TestClock other_clock;
    Rtl8029 other({});
    restore(saved(clock, card), clock.retired, other_clock, other);
    CHECK(other.bar_address(Rtl8029::kBar) == 0xc000u);
    CHECK(other.pci_interrupt().level());
    Ne2000Guest other_guest(other);
    other_guest.out(0x07, 0xff);
    CHECK_FALSE(other.pci_interrupt().level());
    CHECK(other_guest.receive()->frame == frame_to_card(100));
}

TEST_CASE("NE2000: a snapshot with an impossible state is refused") {
    TestClock clock;
    IsaBench bench;
    bench.guest.remote(0x12, 0x4000, 4);
    Writer writer;
    writer.begin("NE2000", 1);
    for (int i = 0; i < 14; ++i) writer.put(u8{0});
    writer.put(u8{8});  // where in the FIFO
    for (int i = 0; i < 4; ++i) writer.put(u16{0});
    writer.put(u8{0});
    const std::vector<u8> rest(6 + 8 + 3 + 8 + 32 + 0x4000);
    writer.bytes(rest.data(), rest.size());
    writer.end();
    const std::vector<u8> image = std::move(writer).finish();
    Reader reader(image, "test");
    CHECK_THROWS_WITH(bench.card.restore(reader), Catch::Contains("NE2000"));
}

}  // namespace seventeen::devices
