// Tests of the 16550A as a driver sees it (National PC16550D datasheet).
#include "devices/uart.h"

#include <catch2/catch.hpp>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

enum : u64 { kData, kIer, kIir, kLcr, kMcr, kLsr, kMsr, kScratch };

constexpr u64 kCharacter = 86'805;  // ten bits at 115200 baud, rounded down

struct Fixture {
    TestClock clock;
    std::string output;
    Uart uart{"uart 1", clock.scheduler, [this](u8 byte) { output += static_cast<char>(byte); }};

    Fixture() {
        write(kLcr, 0x83);
        write(kData, 1);
        write(kIer, 0);
        write(kLcr, 0x03);
    }
    u8 read(u64 offset) { return static_cast<u8>(uart.read(0, offset, 1)); }
    void write(u64 offset, u64 value) { uart.write(0, offset, value, 1); }
    void receive(std::string_view text) {
        for (const char c : text) uart.receive(static_cast<u8>(c));
        clock.advance(text.size() * kCharacter);
    }
};

}  // namespace

TEST_CASE("A reset UART has an empty transmitter and 9600 baud", "[uart]") {
    TestClock clock;
    Uart uart("uart 1", clock.scheduler, [](u8) {});
    CHECK(uart.read(0, kIer, 1) == 0);
    CHECK(uart.read(0, kIir, 1) == 1);
    CHECK(uart.read(0, kLcr, 1) == 0);
    CHECK(uart.read(0, kMcr, 1) == 0);
    CHECK(uart.read(0, kLsr, 1) == 0x60);
    CHECK(uart.read(0, kMsr, 1) == 0xb0);
    uart.write(0, kLcr, 0x80, 1);
    CHECK(uart.read(0, kData, 1) == 12);
    CHECK(uart.read(0, kIer, 1) == 0);
}

TEST_CASE_METHOD(Fixture, "Registers hold only the bits they have", "[uart]") {
    write(kIer, 0xf0);
    CHECK(read(kIer) == 0);
    write(kMcr, 0xe0);
    CHECK(read(kMcr) == 0);
    write(kScratch, 0xa5);
    CHECK(read(kScratch) == 0xa5);
    write(kLcr, 0x80);
    write(kIer, 0x12);
    write(kData, 0x34);
    CHECK(read(kIer) == 0x12);
    CHECK(read(kData) == 0x34);
    write(kLcr, 0);
    CHECK(read(kIer) == 0);
}

TEST_CASE_METHOD(Fixture, "A character takes its bits at the baud rate", "[uart]") {
    write(kData, 'a');
    CHECK(output == "a");
    CHECK(read(kLsr) == 0x20);  // in the shift register; the holding register is free
    write(kData, 'b');
    CHECK(read(kLsr) == 0x00);
    clock.advance(kCharacter - 1);
    CHECK(output == "a");
    clock.advance(1);
    CHECK(output == "ab");
    CHECK(read(kLsr) == 0x20);
    clock.advance(kCharacter);
    CHECK(read(kLsr) == 0x60);
}

TEST_CASE("A hasty UART takes that much less time", "[uart]") {
    TestClock clock;
    std::string output;
    Uart uart(
        "uart 1", clock.scheduler, [&](u8 byte) { output += static_cast<char>(byte); }, 10);
    uart.write(0, kLcr, 0x83, 1);
    uart.write(0, kData, 1, 1);
    uart.write(0, kLcr, 0x03, 1);
    uart.write(0, kData, 'a', 1);
    uart.write(0, kData, 'b', 1);
    clock.advance(kCharacter / 10 - 1);
    CHECK(output == "a");
    clock.advance(1);
    CHECK(output == "ab");
}

TEST_CASE_METHOD(Fixture, "Frame and divisor decide how long a character takes", "[uart]") {
    const auto [control, divisor, expected] = GENERATE(table<u64, u64, u64>({
        {0x03, 12, 1'041'666},  // 8N1 at 9600
        {0x1f, 12, 1'250'000},  // 8E2
        {0x04, 96, 6'250'000},  // 5 bits, 1½ stop bits, 1200 baud
        {0x00, 384, 23'333'333},
    }));
    write(kLcr, 0x80);
    write(kData, divisor & 0xff);
    write(kIer, divisor >> 8);
    write(kLcr, control);
    write(kData, 'x');
    clock.advance(expected - 1);
    CHECK(read(kLsr) == 0x20);
    clock.advance(1);
    CHECK(read(kLsr) == 0x60);
}

TEST_CASE_METHOD(Fixture, "The transmitter FIFO holds sixteen characters", "[uart]") {
    write(kIir, 0x01);
    for (char c = 'a'; c <= 'q'; ++c) write(kData, static_cast<u64>(c));  // one is shifting
    CHECK(read(kLsr) == 0);
    clock.advance(15 * kCharacter);
    CHECK(read(kLsr) == 0);
    clock.advance(kCharacter);
    CHECK(read(kLsr) == 0x20);
    CHECK(output == "abcdefghijklmnopq");
    write(kData, 'r');
    write(kIir, 0x05);  // clears the FIFO, not the shift register
    clock.advance(2 * kCharacter);
    CHECK(output == "abcdefghijklmnopq");
    CHECK(read(kLsr) == 0x60);
}

TEST_CASE_METHOD(Fixture, "The empty transmitter interrupts once", "[uart]") {
    write(kIer, 0x02);
    CHECK(uart.interrupt().level());
    CHECK(read(kIir) == 0x02);
    CHECK_FALSE(uart.interrupt().level());
    CHECK(read(kIir) == 0x01);
    write(kIer, 0x00);
    write(kIer, 0x02);  // as Linux tests for the THRE bug
    CHECK(read(kIir) == 0x02);
    write(kData, 'a');
    CHECK(uart.interrupt().level());  // the holding register is empty again already
    write(kData, 'b');
    CHECK_FALSE(uart.interrupt().level());
    clock.advance(kCharacter);
    CHECK(uart.interrupt().level());
    write(kIer, 0);
    CHECK_FALSE(uart.interrupt().level());
}

TEST_CASE_METHOD(Fixture, "Characters arrive at the baud rate and wait for room", "[uart]") {
    write(kIer, 0x01);
    uart.receive('x');
    uart.receive('y');
    clock.advance(kCharacter - 1);
    CHECK(read(kLsr) == 0x60);
    clock.advance(1);
    CHECK(read(kLsr) == 0x61);
    CHECK(read(kIir) == 0x04);
    CHECK(uart.interrupt().level());
    clock.advance(10 * kCharacter);
    CHECK(read(kLsr) == 0x61);  // no overrun
    CHECK(uart.queued() == 1);
    CHECK(read(kData) == 'x');
    CHECK_FALSE(uart.interrupt().level());
    clock.advance(kCharacter);
    CHECK(read(kData) == 'y');
    CHECK(read(kData) == 'y');  // nothing new
    CHECK(read(kLsr) == 0x60);
}

TEST_CASE_METHOD(Fixture, "The receiver interrupts at its trigger level", "[uart]") {
    const auto [control, level] =
        GENERATE(table<u64, unsigned>({{0x01, 1}, {0x41, 4}, {0x81, 8}, {0xc1, 14}}));
    write(kIir, control);
    write(kIer, 0x01);
    CHECK(read(kIir) == 0xc1);
    for (unsigned i = 1; i < level; ++i) {
        receive("x");
        REQUIRE(read(kIir) == 0xc1);
    }
    receive("x");
    CHECK(read(kIir) == 0xc4);
    read(kData);
    CHECK(read(kIir) == 0xc1);
}

TEST_CASE_METHOD(Fixture, "What stays in the FIFO is reported after four characters", "[uart]") {
    write(kIir, 0xc1);
    write(kIer, 0x01);
    receive("ab");
    clock.advance(4 * kCharacter - 1);
    CHECK_FALSE(uart.interrupt().level());
    clock.advance(1);
    CHECK(uart.interrupt().level());
    CHECK(read(kIir) == 0xcc);
    CHECK(read(kIir) == 0xcc);  // only reading a character removes it
    CHECK(read(kData) == 'a');
    CHECK(read(kIir) == 0xc1);
    clock.advance(4 * kCharacter);
    CHECK(read(kIir) == 0xcc);
    CHECK(read(kData) == 'b');
    clock.advance(100 * kCharacter);
    CHECK(read(kIir) == 0xc1);
}

TEST_CASE_METHOD(Fixture, "A break is reported with its character", "[uart]") {
    write(kIir, 0x01);
    write(kIer, 0x04);
    uart.receive('a');
    uart.receive_break();
    clock.advance(2 * kCharacter);
    CHECK_FALSE(uart.interrupt().level());
    CHECK(read(kLsr) == 0xe1);  // an error somewhere in the FIFO
    CHECK(read(kData) == 'a');
    CHECK(read(kIir) == 0xc6);
    CHECK(read(kLsr) == 0xf1);
    CHECK(read(kLsr) == 0x61);
    CHECK(read(kIir) == 0xc1);
    CHECK(read(kData) == 0);
}

TEST_CASE_METHOD(Fixture, "Loopback sends to itself and can overrun", "[uart]") {
    write(kMcr, 0x10);
    write(kData, 'a');
    CHECK(read(kLsr) == 0x20);
    clock.advance(kCharacter);
    CHECK(read(kLsr) == 0x61);
    write(kData, 'b');
    clock.advance(kCharacter);
    CHECK(read(kLsr) == 0x63);
    CHECK(read(kLsr) == 0x61);
    CHECK(read(kData) == 'b');  // overwritten
    CHECK(output.empty());
    uart.receive('z');
    clock.advance(kCharacter);
    CHECK(read(kLsr) == 0x60);
    write(kMcr, 0);
    clock.advance(kCharacter);
    CHECK(read(kData) == 'z');
}

TEST_CASE_METHOD(Fixture, "A full FIFO drops what comes", "[uart]") {
    write(kIir, 0x01);
    write(kMcr, 0x10);
    for (char c = 'a'; c <= 'q'; ++c) write(kData, static_cast<u64>(c));
    clock.advance(17 * kCharacter);
    CHECK((read(kLsr) & 0x02) == 0x02);
    std::string text;
    while (read(kLsr) & 1) text += static_cast<char>(read(kData));
    CHECK(text == "abcdefghijklmnop");
}

TEST_CASE_METHOD(Fixture, "Loopback connects modem outputs to inputs", "[uart]") {
    read(kMsr);
    write(kMcr, 0x1a);  // Linux: RTS and OUT2 must come back as CTS and DCD
    CHECK((read(kMsr) & 0xf0) == 0x90);
    write(kMcr, 0x15);
    CHECK((read(kMsr) & 0xf0) == 0x60);
    CHECK_FALSE(uart.output(ModemOutput::kDtr).level());
    write(kMcr, 0x09);
    CHECK(uart.output(ModemOutput::kDtr).level());
    CHECK_FALSE(uart.output(ModemOutput::kRts).level());
    CHECK(uart.output(ModemOutput::kOut2).level());
}

TEST_CASE_METHOD(Fixture, "Changes of modem inputs are noted until read", "[uart]") {
    write(kIer, 0x08);
    uart.set_input(ModemInput::kCts, false);
    CHECK(read(kIir) == 0x00);
    CHECK(read(kMsr) == 0xa1);
    CHECK(read(kMsr) == 0xa0);
    CHECK_FALSE(uart.interrupt().level());
    uart.set_input(ModemInput::kRi, true);
    CHECK(read(kMsr) == 0xe0);  // only the end of a ring counts
    uart.set_input(ModemInput::kRi, false);
    CHECK(read(kMsr) == 0xa4);
}

TEST_CASE_METHOD(Fixture, "Interrupts are told in order of priority", "[uart]") {
    write(kIer, 0x0f);
    uart.set_input(ModemInput::kDcd, false);
    uart.receive_break();
    clock.advance(kCharacter);
    CHECK(read(kIir) == 0x06);
    read(kLsr);
    CHECK(read(kIir) == 0x04);
    read(kData);
    CHECK(read(kIir) == 0x02);
    CHECK(read(kIir) == 0x00);
    read(kMsr);
    CHECK(read(kIir) == 0x01);
}

TEST_CASE_METHOD(Fixture, "A restored UART goes on where it was", "[uart]") {
    write(kIir, 0x41);
    write(kIer, 0x03);
    write(kMcr, 0x0b);
    write(kData, 'a');
    write(kData, 'b');
    receive("wx");
    uart.receive('y');
    const std::vector<u8> image = saved(clock, uart);

    Fixture other;
    restore(image, clock.retired, other.clock, other.uart);
    CHECK(saved(other.clock, other.uart) == image);
    CHECK(other.uart.interrupt().level() == uart.interrupt().level());
    for (Fixture* fixture : {static_cast<Fixture*>(this), &other}) {
        fixture->clock.advance(10 * kCharacter);
        CHECK(fixture->read(kIir) == 0xcc);
        CHECK(fixture->read(kData) == 'w');
    }
    CHECK(saved(other.clock, other.uart) == saved(clock, uart));
}

}  // namespace seventeen::devices
