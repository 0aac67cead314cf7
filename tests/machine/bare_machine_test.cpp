// The bare board: loading, starting, stopping, idle time and equal runs.
#include "machine/bare_machine.h"

#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::machine {

namespace {

constexpr PhysicalAddress kStart{0x7c00};

// Prints "Hi", then writes 3 to the debug exit.
constexpr u8 kHello[] = {0xb0, 'H', 0xe6, 0xe9, 0xb0, 'i', 0xe6, 0xe9, 0xb0, 0x03, 0xe6, 0xf4};

}  // namespace

TEST_CASE("A program prints and ends the run") {
    std::string text;
    BareMachine machine({.memory = 1u << 20, .cpu = "486", .rate = {}, .console = [&](char letter) {
                             text += letter;
                         }});
    machine.platform().load_raw(kStart, kHello);
    machine.start_at(kStart);
    CHECK(machine.platform().run({.retired = 1000}) == Stop::kExit);
    CHECK(text == "Hi");
    CHECK(machine.platform().exit_value() == 3);
    CHECK(machine.platform().cpu().retired == 6);
}

TEST_CASE("The other ways in which a run stops") {
    BareMachine machine({.memory = 1u << 20, .cpu = "max", .rate = {}, .console = [](char) {}});
    SECTION("its limit") {
        const u8 forever[] = {0xeb, 0xfe};
        machine.platform().load_raw(kStart, forever);
        machine.start_at(kStart);
        CHECK(machine.platform().run({.retired = 1234}) == Stop::kLimit);
        CHECK(machine.platform().cpu().retired == 1234);
    }
    SECTION("a halt that nothing ends") {
        const u8 halt[] = {0xf4};
        machine.platform().load_raw(kStart, halt);
        machine.start_at(kStart);
        CHECK(machine.platform().run({.retired = 1234}) == Stop::kHalted);
    }
    SECTION("a triple fault") {
        const u8 no_vectors[] = {0x0f, 0x01, 0x1e, 0x00, 0x00, 0x0f, 0x0b};  // LIDT [0]; UD2
        machine.platform().load_raw(kStart, no_vectors);
        machine.start_at(kStart);
        CHECK(machine.platform().run({.retired = 1234}) == Stop::kTripleFault);
    }
}

TEST_CASE("Firmware is entered at the reset vector") {
    BareMachine machine(
        {.memory = 1u << 20, .cpu = "pentium3", .rate = {}, .console = [](char) {}});
    std::vector<u8> firmware(0x10000, 0xf4);
    SECTION("and runs") {
        machine.load_firmware(firmware);
        CHECK(machine.platform().run({.retired = 10}) == Stop::kHalted);
        CHECK(machine.platform().cpu().eip() == 0xfff1);
    }
    SECTION("an odd size is refused") {
        firmware.pop_back();
        CHECK_THROWS_AS(machine.load_firmware(firmware), Error);
    }
}

TEST_CASE("What does not fit is refused") {
    BareMachine machine({.memory = 1u << 20, .cpu = "max", .rate = {}, .console = [](char) {}});
    CHECK_THROWS_AS(machine.platform().load_raw({(1u << 20) - 4}, kHello), Error);
    CHECK_THROWS_AS(machine.platform().load_raw({~u64{0}}, kHello), Error);
    CHECK_THROWS_AS(machine.start_at({1u << 20}), Error);
}

TEST_CASE("Equal runs have equal digests, different ones do not") {
    const auto digest_after = [](u64 limit, u8 seed) {
        BareMachine machine({.memory = 1u << 20, .cpu = "max", .rate = {}, .console = [](char) {}});
        // again: ADD AX, seed; STOSW; JMP again
        const u8 program[] = {0x05, seed, 0x00, 0xab, 0xeb, 0xfa};
        machine.platform().load_raw(kStart, program);
        machine.start_at(kStart);
        machine.platform().run({.retired = limit});
        return machine.platform().digest();
    };
    CHECK(digest_after(5000, 7) == digest_after(5000, 7));
    CHECK(digest_after(5000, 7) != digest_after(5001, 7));
    CHECK(digest_after(5000, 7) != digest_after(5000, 8));
}

TEST_CASE("Two machines live in one process") {
    BareMachine first({.memory = 1u << 20, .cpu = "max", .rate = {}, .console = [](char) {}});
    BareMachine second({.memory = 2u << 20, .cpu = "486", .rate = {}, .console = [](char) {}});
    const u8 count[] = {0x40, 0xeb, 0xfd};  // INC AX; JMP
    first.platform().load_raw(kStart, count);
    first.start_at(kStart);
    second.platform().load_raw(kStart, count);
    second.start_at(kStart);
    for (u64 limit = 10; limit <= 100; limit += 10) {
        first.platform().run({.retired = limit});
        second.platform().run({.retired = limit / 2});
    }
    CHECK(first.platform().cpu().reg32(Gpr::kAx) == 50);
    CHECK(second.platform().cpu().reg32(Gpr::kAx) == 25);
}

}  // namespace seventeen::machine
