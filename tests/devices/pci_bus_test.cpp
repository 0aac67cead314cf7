// PciBus: configuration mechanism #1, base addresses and interrupt wiring (PCI 2.1, chapters 3, 6).
#include "devices/pci_bus.h"

#include <catch2/catch.hpp>
#include <vector>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

class Card final : public PciFunction {
  public:
    explicit Card(u8 pin = 1, u16 device = 0x5678)
        : PciFunction(
              {.vendor = 0x1234, .device = device, .class_code = 0x020000, .interrupt_pin = pin}) {
        add_bar(0, PciSpace::kIo, 0x20);
        add_bar(1, PciSpace::kPrefetchable, 0x100000);
        add_bar(kRomBar, PciSpace::kMemory, 0x10000);
        define(0x40, 4, 0x11223344, 0x0000ff00);
        on_bar_moved([this](unsigned bar, BarAddress old, BarAddress now) {
            moves.push_back({bar, old.value_or(0), now.value_or(0)});
        });
    }
    std::string_view name() const override { return "card"; }
    void reset() override { reset_config(); }
    void save(Writer& writer) const override {
        writer.begin(name(), 1);
        save_config(writer);
        writer.end();
    }
    void restore(Reader& reader) override {
        reader.begin(name(), 1, 1);
        restore_config(reader);
        reader.end();
    }

    std::vector<std::vector<u64>> moves;
};

struct Board {
    PciBus bus;
    Card card;
    Card other{4};

    Board() {
        bus.attach(3, 0, card);
        bus.attach(4, 1, other);
    }
    void select(unsigned device, unsigned function, unsigned offset) {
        bus.write(PciBus::kAddress, 0, 0x80000000 | device << 11 | function << 8 | (offset & 0xfc),
                  4);
    }
    u64 get(unsigned offset, Width width) {
        select(3, 0, offset);
        return bus.read(PciBus::kData, offset & 3, width);
    }
    void put(unsigned offset, u64 value, Width width) {
        select(3, 0, offset);
        bus.write(PciBus::kData, offset & 3, value, width);
    }
};

using Move = std::vector<u64>;

}  // namespace

TEST_CASE("PCI: mechanism #1 is found by its doubleword register only") {
    Board board;
    board.bus.write(PciBus::kAddress, 0, 0x80000000, 4);
    CHECK(board.bus.read(PciBus::kAddress, 0, 4) == 0x80000000);
    board.bus.write(PciBus::kAddress, 3, 0x00, 1);  // mechanism #2 would be probed so
    CHECK(board.bus.read(PciBus::kAddress, 0, 4) == 0x80000000);
    CHECK(board.bus.read(PciBus::kAddress, 0, 1) == 0xff);
}

TEST_CASE("PCI: absent functions and a disabled window read as ones") {
    Board board;
    board.select(5, 0, 0);
    CHECK(board.bus.read(PciBus::kData, 0, 4) == 0xffffffff);
    CHECK(board.bus.read(PciBus::kData, 0, 2) == 0xffff);
    board.bus.write(PciBus::kAddress, 0, 3u << 11, 4);
    CHECK(board.bus.read(PciBus::kData, 0, 4) == 0xffffffff);
    board.bus.write(PciBus::kAddress, 0, 0x80010000 | 3u << 11, 4);  // bus 1
    CHECK(board.bus.read(PciBus::kData, 0, 4) == 0xffffffff);
}

TEST_CASE("PCI: registers read in any width and change only where they can") {
    Board board;
    CHECK(board.get(0, 4) == 0x56781234);
    CHECK(board.get(2, 2) == 0x5678);
    CHECK(board.get(0x0b, 1) == 0x02);
    board.put(0, 0, 4);
    CHECK(board.get(0, 4) == 0x56781234);
    board.put(0x40, 0xffffffff, 4);
    CHECK(board.get(0x40, 4) == 0x1122ff44);
    board.put(0x3c, 0x0b, 1);
    CHECK(board.get(0x3c, 2) == 0x010b);
}

TEST_CASE("PCI: base addresses size, move and follow the command register") {
    Board board;
    board.put(0x10, 0xffffffff, 4);
    CHECK(board.get(0x10, 4) == 0xffffffe1);
    board.put(0x14, 0xffffffff, 4);
    CHECK(board.get(0x14, 4) == 0xfff00008);
    board.put(0x18, 0xffffffff, 4);
    CHECK(board.get(0x18, 4) == 0);
    board.put(0x04, 0x0003, 2);
    CHECK(board.card.moves.empty());  // all ones is no address
    board.put(0x10, 0xc000, 4);
    board.put(0x14, 0xe0000000, 4);
    board.put(0x30, 0xfeb00000, 4);
    CHECK(board.card.moves == std::vector<Move>{{0, 0, 0xc000}, {1, 0, 0xe0000000}});
    board.card.moves.clear();
    board.put(0x30, 0xfeb00001, 4);
    board.put(0x10, 0xc100, 2);
    CHECK(board.card.moves ==
          std::vector<Move>{{6, 0, 0xfeb00000}, {0, 0xc000, 0}, {0, 0, 0xc100}});
    board.card.moves.clear();
    board.put(0x04, 0x0001, 2);
    CHECK(board.card.moves == std::vector<Move>{{1, 0xe0000000, 0}, {6, 0xfeb00000, 0}});
    board.card.moves.clear();
    board.card.reset();
    CHECK(board.card.moves == std::vector<Move>{{0, 0xc100, 0}});
    CHECK(board.get(0x10, 4) == 1);
}

TEST_CASE("PCI: interrupt pins are swizzled by device and ORed") {
    Board board;
    board.card.pci_interrupt().raise();  // device 3 INTA: PIRQC
    CHECK(board.bus.interrupt(2).level());
    board.other.pci_interrupt().raise();  // device 4 INTD: PIRQ (3 + 3) mod 4 = C
    board.card.pci_interrupt().lower();
    CHECK(board.bus.interrupt(2).level());
    board.other.pci_interrupt().lower();
    CHECK_FALSE(board.bus.interrupt(2).level());
    board.card.pci_interrupt().raise();
    board.put(0x04, 0x0400, 2);  // interrupt disable
    CHECK_FALSE(board.bus.interrupt(2).level());
}

TEST_CASE("PCI: restores a function's map and refuses another function's") {
    Board board;
    board.put(0x04, 0x0003, 2);
    board.put(0x10, 0xc000, 4);
    const TestClock clock;
    const std::vector<u8> image = saved(clock, board.card);
    Board second;
    TestClock second_clock;
    restore(image, 0, second_clock, second.card);
    CHECK(second.card.moves == std::vector<Move>{{0, 0, 0xc000}});
    TestClock third_clock;
    Card different(1, 0x9abc);
    CHECK_THROWS_AS(restore(image, 0, third_clock, different), Error);
}

}  // namespace seventeen::devices
