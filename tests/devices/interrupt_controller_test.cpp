// InterruptController: command words, priorities and cascades as the 8259A's datasheet has them.
#include "devices/interrupt_controller.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr unsigned kRegisters = InterruptController::kRegisters;
constexpr unsigned kEdgeLevel = InterruptController::kEdgeLevel;
constexpr u8 kReadRequests = 0x0a;
constexpr u8 kReadInService = 0x0b;
constexpr u8 kEnd = 0x20;

u8 in(InterruptController& chip, u64 offset) {
    return static_cast<u8>(chip.read(kRegisters, offset, 1));
}

void out(InterruptController& chip, u64 offset, u8 value) {
    chip.write(kRegisters, offset, value, 1);
}

void initialize(InterruptController& chip, u8 base, u8 icw3, u8 icw4 = 0x01, u8 icw1 = 0x11) {
    out(chip, 0, icw1);
    out(chip, 1, base);
    out(chip, 1, icw3);
    out(chip, 1, icw4);
}

u8 requests(InterruptController& chip) {
    out(chip, 0, kReadRequests);
    return in(chip, 0);
}

u8 in_service(InterruptController& chip) {
    out(chip, 0, kReadInService);
    return in(chip, 0);
}

// As every PC wires and programs its two.
struct Pair {
    Pair() {
        master.cascade(2, slave);
        initialize(master, 0x08, 0x04);
        initialize(slave, 0x70, 0x02);
    }
    bool interrupt() { return master.interrupt().level(); }

    InterruptController master{"master", 0xf8};
    InterruptController slave{"slave", 0xde};
};

struct Single {
    explicit Single(u8 icw4 = 0x01, u8 icw1 = 0x13) {
        out(chip, 0, icw1);
        out(chip, 1, 0x20);
        out(chip, 1, icw4);
    }
    bool interrupt() { return chip.interrupt().level(); }
    void pulse(unsigned irq) {
        chip.set_input(irq, false);
        chip.set_input(irq, true);
    }

    InterruptController chip{"pic", 0xff};
};

}  // namespace

TEST_CASE("8259A: an edge interrupts once, is served and ended") {
    Single pic;
    pic.chip.set_input(3, true);
    CHECK(pic.interrupt());
    CHECK(requests(pic.chip) == 0x08);
    CHECK(pic.chip.acknowledge() == 0x23);
    CHECK_FALSE(pic.interrupt());
    CHECK(requests(pic.chip) == 0);  // the pin is still high
    CHECK(in_service(pic.chip) == 0x08);
    out(pic.chip, 0, kEnd);
    CHECK(in_service(pic.chip) == 0);
    CHECK_FALSE(pic.interrupt());
    pic.pulse(3);
    CHECK(pic.interrupt());
}

TEST_CASE("8259A: a level interrupts as long as it lasts") {
    const bool by_elcr = GENERATE(true, false);
    Single pic(0x01, by_elcr ? 0x13 : 0x1b);
    if (by_elcr) pic.chip.write(kEdgeLevel, 0, 0x20, 1);
    pic.chip.set_input(5, true);
    CHECK(pic.chip.acknowledge() == 0x25);
    CHECK(requests(pic.chip) == 0x20);
    CHECK_FALSE(pic.interrupt());
    out(pic.chip, 0, kEnd);
    CHECK(pic.interrupt());
    pic.chip.set_input(5, false);
    CHECK_FALSE(pic.interrupt());
}

TEST_CASE("8259A: only the bits of the edge/level register that exist can be set") {
    Pair pics;
    pics.master.write(kEdgeLevel, 0, 0xff, 1);
    pics.slave.write(kEdgeLevel, 0, 0xff, 1);
    CHECK(pics.master.read(kEdgeLevel, 0, 1) == 0xf8);
    CHECK(pics.slave.read(kEdgeLevel, 0, 1) == 0xde);
}

TEST_CASE("8259A: a withdrawn request is the spurious interrupt 7, which is not in service") {
    Pair pics;
    pics.master.set_input(4, true);
    pics.master.set_input(4, false);
    CHECK_FALSE(pics.interrupt());
    CHECK(pics.master.acknowledge() == 0x0f);
    CHECK(in_service(pics.master) == 0);
}

TEST_CASE("8259A: a slave's spurious interrupt 15 leaves the cascade in service") {
    Pair pics;
    pics.master.write(kEdgeLevel, 0, 0, 1);
    pics.slave.set_input(1, true);
    CHECK(pics.interrupt());
    // The slave's request is masked after the master has latched its edge, and before INTA; the
    // line falls, so a master in edge mode forgets it too.
    out(pics.slave, 1, 0xff);
    CHECK_FALSE(pics.interrupt());
    // A master whose input 2 is held high by hand still asks the slave, which has nothing.
    pics.master.set_input(2, true);
    CHECK(pics.master.acknowledge() == 0x77);
    CHECK(in_service(pics.slave) == 0);
    CHECK(in_service(pics.master) == 0x04);
}

TEST_CASE("8259A: masks hold back, and are read back") {
    Single pic;
    out(pic.chip, 1, 0x02);
    CHECK(in(pic.chip, 1) == 0x02);
    pic.chip.set_input(1, true);
    CHECK_FALSE(pic.interrupt());
    CHECK(requests(pic.chip) == 0x02);
    out(pic.chip, 1, 0);
    CHECK(pic.interrupt());
}

TEST_CASE("8259A: fully nested, the higher passes and the lower waits") {
    Single pic;
    pic.chip.set_input(4, true);
    CHECK(pic.chip.acknowledge() == 0x24);
    pic.chip.set_input(6, true);
    CHECK_FALSE(pic.interrupt());
    pic.chip.set_input(1, true);
    CHECK(pic.interrupt());
    CHECK(pic.chip.acknowledge() == 0x21);
    CHECK(in_service(pic.chip) == 0x12);
    out(pic.chip, 0, kEnd);  // non-specific: the highest
    CHECK(in_service(pic.chip) == 0x10);
    out(pic.chip, 0, kEnd);
    CHECK(pic.chip.acknowledge() == 0x26);
}

TEST_CASE("8259A: a specific end of interrupt ends its own level") {
    Single pic;
    pic.chip.set_input(4, true);
    pic.chip.acknowledge();
    pic.chip.set_input(1, true);
    pic.chip.acknowledge();
    out(pic.chip, 0, 0x64);
    CHECK(in_service(pic.chip) == 0x02);
    out(pic.chip, 0, 0x40);  // no operation
    CHECK(in_service(pic.chip) == 0x02);
}

TEST_CASE("8259A: rotation makes the level that ended, or the one named, the lowest") {
    Single pic;
    const auto both = [&](unsigned first, unsigned second) {
        pic.pulse(first);
        pic.pulse(second);
        const u8 vector = pic.chip.acknowledge();
        return vector & 7u;
    };
    CHECK(both(2, 5) == 2);
    SECTION("on non-specific EOI") {
        out(pic.chip, 0, 0xa0);
        CHECK(in_service(pic.chip) == 0);
        CHECK(both(2, 5) == 5);
    }
    SECTION("on specific EOI") {
        out(pic.chip, 0, 0xe2);
        CHECK(in_service(pic.chip) == 0);
        CHECK(both(2, 5) == 5);
    }
    SECTION("by setting the priority") {
        out(pic.chip, 0, kEnd);
        out(pic.chip, 0, 0xc3);
        CHECK(both(2, 5) == 5);
        CHECK(in_service(pic.chip) == 0x20);
    }
}

TEST_CASE("8259A: automatic end of interrupt, with and without rotation") {
    Single pic(0x03);
    const bool rotate = GENERATE(false, true);
    out(pic.chip, 0, rotate ? 0x80 : 0x00);
    pic.pulse(0);
    pic.pulse(1);
    CHECK(pic.chip.acknowledge() == 0x20);
    CHECK(in_service(pic.chip) == 0);
    CHECK(pic.interrupt());
    pic.pulse(0);
    CHECK(pic.chip.acknowledge() == (rotate ? 0x21 : 0x20));
}

TEST_CASE("8259A: special mask mode lets all others pass while one in service is masked") {
    Single pic;
    pic.chip.set_input(2, true);
    CHECK(pic.chip.acknowledge() == 0x22);
    pic.chip.set_input(6, true);
    CHECK_FALSE(pic.interrupt());
    out(pic.chip, 1, 0x04);
    CHECK_FALSE(pic.interrupt());
    out(pic.chip, 0, 0x68);
    CHECK(pic.interrupt());
    CHECK(pic.chip.acknowledge() == 0x26);
    out(pic.chip, 0, kEnd);  // ends 6, not the masked 2
    CHECK(in_service(pic.chip) == 0x04);
    out(pic.chip, 0, kEnd);
    CHECK(in_service(pic.chip) == 0x04);
    out(pic.chip, 0, 0x48);
    out(pic.chip, 0, kEnd);
    CHECK(in_service(pic.chip) == 0);
}

TEST_CASE("8259A: a poll acknowledges without INTA") {
    Single pic;
    out(pic.chip, 0, 0x0c);
    CHECK(in(pic.chip, 0) == 0);
    pic.chip.set_input(5, true);
    out(pic.chip, 0, 0x0c);
    CHECK(in(pic.chip, 0) == 0x85);
    CHECK_FALSE(pic.interrupt());
    CHECK(in_service(pic.chip) == 0x20);
    CHECK(in(pic.chip, 1) == 0);  // the poll is over
}

TEST_CASE("8259A: the master asks its slave for the vector") {
    Pair pics;
    pics.slave.set_input(0, true);
    CHECK(pics.interrupt());
    CHECK(pics.master.acknowledge() == 0x70);
    CHECK(in_service(pics.master) == 0x04);
    CHECK(in_service(pics.slave) == 0x01);
    CHECK_FALSE(pics.interrupt());
    pics.slave.set_input(6, true);
    pics.master.set_input(1, true);
    CHECK(pics.master.acknowledge() == 0x09);
    out(pics.master, 0, kEnd);
    out(pics.slave, 0, kEnd);
    out(pics.master, 0, kEnd);
    CHECK(pics.master.acknowledge() == 0x76);
}

TEST_CASE("8259A: a slave that ends by itself gives the master a new edge for each request") {
    Pair pics;
    initialize(pics.slave, 0x70, 0x02, 0x03);
    pics.slave.set_input(3, true);
    pics.slave.set_input(4, true);
    CHECK(pics.master.acknowledge() == 0x73);
    out(pics.master, 0, kEnd);
    CHECK(pics.interrupt());
    CHECK(pics.master.acknowledge() == 0x74);
}

TEST_CASE("8259A: nobody answers for a slave with another number") {
    Pair pics;
    initialize(pics.slave, 0x70, 0x05);
    pics.slave.set_input(0, true);
    CHECK(pics.master.acknowledge() == 0xff);
}

TEST_CASE("8259A: special fully nested, a slave's higher request passes its lower one") {
    const bool special = GENERATE(false, true);
    Pair pics;
    initialize(pics.master, 0x08, 0x04, special ? 0x11 : 0x01);
    pics.slave.set_input(5, true);
    CHECK(pics.master.acknowledge() == 0x75);
    pics.master.set_input(6, true);
    CHECK_FALSE(pics.interrupt());
    pics.slave.set_input(1, true);
    CHECK(pics.interrupt() == special);
    if (special) CHECK(pics.master.acknowledge() == 0x71);
}

TEST_CASE("8259A: initialization forgets edges, masks and service") {
    Single pic;
    pic.chip.set_input(2, true);
    pic.chip.acknowledge();
    pic.chip.set_input(1, true);
    out(pic.chip, 1, 0x80);
    out(pic.chip, 0, 0x12);  // without ICW4: one more word, then masks
    out(pic.chip, 1, 0x47);
    CHECK(in(pic.chip, 1) == 0);
    CHECK(in_service(pic.chip) == 0);
    CHECK_FALSE(pic.interrupt());
    out(pic.chip, 1, 0x01);
    CHECK(in(pic.chip, 1) == 0x01);
    pic.chip.set_input(6, true);
    CHECK(pic.chip.acknowledge() == 0x46);
}

TEST_CASE("8259A: restores what it saved, and refuses damage") {
    Pair pics;
    pics.slave.set_input(4, true);
    pics.master.set_input(0, true);
    pics.master.acknowledge();
    out(pics.master, 0, 0xc4);
    Writer writer;
    pics.master.save(writer);
    pics.slave.save(writer);
    const std::vector<u8> image = std::move(writer).finish();
    Pair other;
    Reader reader(image, "snapshot");
    other.master.restore(reader);
    other.slave.restore(reader);
    reader.finish();
    CHECK(other.interrupt() == pics.interrupt());
    CHECK(requests(other.master) == requests(pics.master));
    CHECK(in_service(other.master) == 0x01);
    out(other.master, 0, 0x60);
    CHECK(other.master.acknowledge() == 0x74);

    Writer bad;
    bad.begin("master", 1);
    for (int i = 0; i < 9; ++i) bad.put(u8{9});
    for (int i = 0; i < 10; ++i) bad.put(false);
    bad.end();
    const std::vector<u8> damaged = std::move(bad).finish();
    Reader bad_reader(damaged, "snapshot");
    CHECK_THROWS_AS(other.master.restore(bad_reader), Error);
}

}  // namespace seventeen::devices
