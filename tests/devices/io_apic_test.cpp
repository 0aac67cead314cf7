// Tests of the I/O APIC as an operating system programs it (82093AA datasheet, order number
// 290566).
#include "devices/io_apic.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/apic_node.h"

namespace seventeen::devices {

namespace {

constexpr u32 kMasked = 1 << 16;
constexpr u32 kLevel = 1 << 15;
constexpr u32 kRemoteIrr = 1 << 14;
constexpr u32 kActiveLow = 1 << 13;
constexpr u32 kLogical = 1 << 11;

struct Recorder : InterruptMessageTarget {
    std::vector<InterruptMessage> messages;
    bool listens = true;

    bool deliver(const InterruptMessage& message) override {
        if (listens) messages.push_back(message);
        return listens;
    }
};

u32 read_register(IoApic& chip, u8 index) {
    chip.write(0, 0x00, index, 4);
    return static_cast<u32>(chip.read(0, 0x10, 4));
}

void write_register(IoApic& chip, u8 index, u32 value) {
    chip.write(0, 0x00, index, 4);
    chip.write(0, 0x10, value, 4);
}

struct Fixture {
    Recorder recorder;
    IoApic chip{recorder, IoApic::Polarity::kHonoured};
    std::vector<InterruptMessage>& messages = recorder.messages;

    u32 read(u8 index) { return read_register(chip, index); }
    void write(u8 index, u32 value) { write_register(chip, index, value); }
    u32 entry(unsigned pin) { return read(static_cast<u8>(0x10 + 2 * pin)); }
    void program(unsigned pin, u32 low, u32 high = 0) {
        write(static_cast<u8>(0x11 + 2 * pin), high);
        write(static_cast<u8>(0x10 + 2 * pin), low);
    }
    void pulse(unsigned pin) {
        chip.set_input(pin, true);
        chip.set_input(pin, false);
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "The I/O APIC after reset", "[ioapic]") {
    CHECK(read(0x01) == 0x0017'0020);
    CHECK(read(0x00) == 0);
    CHECK(read(0x02) == 0);
    CHECK(read(0x03) == 0);
    for (unsigned pin = 0; pin < IoApic::kPins; ++pin) {
        CHECK(entry(pin) == kMasked);
        CHECK(read(static_cast<u8>(0x11 + 2 * pin)) == 0);
        pulse(pin);
    }
    CHECK(read(0x40) == 0);
    CHECK(messages.empty());
}

TEST_CASE_METHOD(Fixture, "The I/O APIC's registers keep the bits that are theirs", "[ioapic]") {
    write(0x00, 0xffff'ffff);
    CHECK(read(0x00) == 0x0f00'0000);
    CHECK(read(0x02) == 0x0f00'0000);
    write(0x01, 0xffff'ffff);
    CHECK(read(0x01) == 0x0017'0020);
    program(23, 0xffff'ffff, 0xffff'ffff);
    CHECK(entry(23) == 0x1'afff);
    CHECK(read(0x3f) == 0xff00'0000);
    CHECK(chip.read(0, 0x00, 4) == 0x3f);
    // The window is 32 bits wide.
    chip.write(0, 0x10, 0x55, 1);
    CHECK(read(0x3f) == 0xff00'0000);
    CHECK(chip.read(0, 0x10, 2) == 0);
    CHECK(chip.read(0, 0x20, 4) == 0);
    chip.reset();
    CHECK(read(0x00) == 0);
    CHECK(entry(23) == kMasked);
}

TEST_CASE_METHOD(Fixture, "An edge is sent once", "[ioapic]") {
    program(4, 0x41 | kLogical, 0x0300'0000);
    chip.set_input(4, true);
    chip.set_input(4, true);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0] == InterruptMessage{0x41, DeliveryMode::kFixed, DestinationMode::kLogical,
                                          TriggerMode::kEdge, 3});
    chip.set_input(4, false);
    CHECK(messages.size() == 1);
    CHECK(entry(4) == (0x41 | kLogical));
    // Those on a masked pin are lost.
    program(4, kMasked | 0x41);
    chip.set_input(4, true);
    program(4, 0x41);
    CHECK(messages.size() == 1);
    // Active low: the falling edge.
    program(4, kActiveLow | 0x41);
    chip.set_input(4, false);
    CHECK(messages.size() == 2);
}

TEST_CASE_METHOD(Fixture, "A level is sent until its EOI finds it gone", "[ioapic]") {
    program(10, kLevel | 0x59);
    chip.set_input(10, true);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].trigger == TriggerMode::kLevel);
    CHECK(entry(10) == (kLevel | kRemoteIrr | 0x59));
    chip.set_input(10, false);
    chip.set_input(10, true);
    CHECK(messages.size() == 1);
    chip.end_of_interrupt(0x58);
    CHECK(messages.size() == 1);
    chip.end_of_interrupt(0x59);
    CHECK(messages.size() == 2);
    chip.set_input(10, false);
    chip.write(0, 0x40, 0x59, 4);  // the EOI register
    CHECK(entry(10) == (kLevel | 0x59));
    CHECK(messages.size() == 2);
}

TEST_CASE_METHOD(Fixture, "A level waits behind its mask", "[ioapic]") {
    chip.set_input(11, true);
    program(11, kMasked | kLevel | 0x59);
    CHECK(messages.empty());
    program(11, kLevel | 0x59);
    CHECK(messages.size() == 1);
    // Masked meanwhile, the EOI still counts.
    write(0x10 + 22, kMasked | kLevel | 0x59);
    CHECK(entry(11) == (kMasked | kLevel | kRemoteIrr | 0x59));
    chip.end_of_interrupt(0x59);
    CHECK(entry(11) == (kMasked | kLevel | 0x59));
    CHECK(messages.size() == 1);
    // Made an edge for a moment, it forgets that it waits for an EOI, as Linux expects.
    program(11, kLevel | 0x59);
    program(11, kMasked | 0x59);
    program(11, kMasked | kLevel | 0x59);
    CHECK(entry(11) == (kMasked | kLevel | 0x59));
    // Active low and high: nothing asserts it.
    program(11, kActiveLow | kLevel | 0x59);
    CHECK(messages.size() == 2);
    chip.set_input(11, false);
    CHECK(messages.size() == 3);
}

TEST_CASE_METHOD(Fixture, "A level that nobody accepts is sent again", "[ioapic]") {
    recorder.listens = false;
    program(9, kLevel | 0x59);
    chip.set_input(9, true);
    CHECK(entry(9) == (kLevel | 0x59));
    recorder.listens = true;
    program(9, kLevel | 0x59);
    CHECK(messages.size() == 1);
}

TEST_CASE_METHOD(Fixture, "Other delivery modes are edges", "[ioapic]") {
    for (const u32 mode : {2u, 4u, 5u, 7u}) {
        messages.clear();
        program(0, kLevel | mode << 8);
        pulse(0);
        pulse(0);
        REQUIRE(messages.size() == 2);
        CHECK(messages[0].delivery == static_cast<DeliveryMode>(mode));
        CHECK(messages[0].trigger == TriggerMode::kEdge);
        CHECK_FALSE(entry(0) & kRemoteIrr);
    }
}

TEST_CASE("A board without polarity sees only what is asserted", "[ioapic]") {
    Recorder recorder;
    IoApic chip(recorder, IoApic::Polarity::kIgnored);
    write_register(chip, 0x10 + 20, kActiveLow | kLevel | 0x59);
    CHECK(recorder.messages.empty());
    CHECK(read_register(chip, 0x10 + 20) == (kActiveLow | kLevel | 0x59));
    chip.set_input(10, true);
    CHECK(recorder.messages.size() == 1);
}

TEST_CASE_METHOD(OneApic, "A shared level interrupt through both APICs", "[ioapic]") {
    IoApic chip(bus, IoApic::Polarity::kIgnored);
    bus.attach_listener([&](u8 vector) { chip.end_of_interrupt(vector); });
    cpu.enable();
    write_register(chip, 0x10 + 22, kLevel | 0x59);
    chip.set_input(11, true);
    CHECK(acknowledge() == 0x59);
    CHECK_FALSE(intr());
    write(apic::kEoi, 0);
    CHECK(intr());
    CHECK(acknowledge() == 0x59);
    chip.set_input(11, false);
    write(apic::kEoi, 0);
    CHECK_FALSE(intr());
    // The 8259s on pin 0: an ExtINT for each time they raise INT.
    write_register(chip, 0x10, 0x700);
    chip.set_input(0, true);
    CHECK(acknowledge() == 0x08);
    CHECK_FALSE(intr());
}

TEST_CASE_METHOD(Fixture, "A restored I/O APIC goes on where it was", "[ioapic]") {
    TestClock clock;
    program(10, kLevel | 0x59, 0x0100'0000);
    write(0x00, 0x0200'0000);
    chip.set_input(10, true);
    const std::vector<u8> image = saved(clock, chip);
    Fixture other;
    TestClock other_clock;
    restore(image, 0, other_clock, other.chip);
    CHECK(saved(other_clock, other.chip) == image);
    CHECK(other.messages.empty());
    CHECK(other.read(0x00) == 0x0200'0000);
    other.chip.end_of_interrupt(0x59);
    CHECK(other.messages.size() == 1);
    CHECK(other.messages[0].destination == 1);
}

TEST_CASE_METHOD(Fixture, "A damaged I/O APIC is refused", "[ioapic]") {
    const auto damaged = [](u64 entry, u32 inputs, u8 id) {
        TestClock clock;
        Writer writer;
        clock.scheduler.save(writer);
        writer.begin("I/O APIC", 1);
        for (unsigned pin = 0; pin < IoApic::kPins; ++pin) writer.put(entry);
        writer.put(inputs);
        writer.put(u8{0});
        writer.put(id);
        writer.end();
        const std::vector<u8> image = std::move(writer).finish();
        Fixture other;
        restore(image, 0, clock, other.chip);
    };
    damaged(kLevel | kRemoteIrr, 0xff'ffff, 0x0f);
    CHECK_THROWS_AS(damaged(kRemoteIrr, 0, 0), Error);
    CHECK_THROWS_AS(damaged(1 << 17, 0, 0), Error);
    CHECK_THROWS_AS(damaged(0, 0x100'0000, 0), Error);
    CHECK_THROWS_AS(damaged(0, 0, 0x10), Error);
}

}  // namespace seventeen::devices
