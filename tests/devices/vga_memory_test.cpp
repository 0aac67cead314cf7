// VgaMemory: write and read modes, latches, chaining and maps, by IBM's technical reference.
#include "devices/vga_memory.h"

#include <catch2/catch.hpp>

#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

namespace {

struct Planar : VgaGuest {
    Planar() { set_mode(kMode12); }
    u32 word(u32 address) { return vga.memory().planes(address); }
    // All four planes at once, plane 0 lowest.
    void fill(u64 address, u32 value) {
        for (unsigned plane = 0; plane < 4; ++plane) {
            sequencer(2, static_cast<u8>(1 << plane));
            poke(address, static_cast<u8>(value >> plane * 8));
        }
        sequencer(2, 0x0f);
    }
};

}  // namespace

TEST_CASE("VGA write mode 0: rotate, set/reset, function, bit mask, map mask") {
    Planar guest;
    guest.fill(100, 0x44332211);
    CHECK(guest.word(100) == 0x44332211);
    guest.graphics(3, 0x02);
    guest.poke(101, 0x81);
    CHECK(guest.word(101) == 0x60606060);
    guest.graphics(3, 0);
    guest.graphics(0, 0x05);
    guest.graphics(1, 0x03);  // planes 0 and 1 from set/reset: ones and zeros
    guest.poke(102, 0x5a);
    CHECK(guest.word(102) == 0x5a5a00ff);
    guest.graphics(1, 0);
    const auto apply = [&](u8 function) {
        guest.fill(103, 0x0ff0aa55);
        guest.peek(103);
        guest.graphics(3, static_cast<u8>(function << 3));
        guest.poke(103, 0x3c);
        guest.graphics(3, 0);
        return guest.word(103);
    };
    CHECK(apply(0) == 0x3c3c3c3c);
    CHECK(apply(1) == 0x0c302814);
    CHECK(apply(2) == 0x3ffcbe7d);
    CHECK(apply(3) == 0x33cc9669);
    guest.fill(104, 0x0ff0aa55);
    guest.peek(104);
    guest.graphics(8, 0xf0);
    guest.sequencer(2, 0x07);
    guest.poke(104, 0xff);
    CHECK(guest.word(104) == 0x0ff0faf5);
}

TEST_CASE("VGA write modes 1, 2 and 3") {
    Planar guest;
    guest.fill(7, 0x12345678);
    guest.peek(7);
    guest.graphics(5, 1);
    guest.poke(8, 0xff);
    CHECK(guest.word(8) == 0x12345678);
    guest.graphics(5, 2);
    guest.graphics(8, 0x0f);
    guest.poke(9, 0x06);  // low nibbles from the colour, high ones from the latches
    CHECK(guest.word(9) == 0x103f5f70);
    guest.graphics(5, 3);
    guest.graphics(0, 0x0c);
    guest.graphics(3, 4);
    guest.graphics(8, 0x3f);
    guest.poke(10, 0x1f);  // rotated to F1h, masked to 31h
    CHECK(guest.word(10) == 0x33354648);
}

TEST_CASE("VGA read modes: a plane, or a comparison of all") {
    Planar guest;
    guest.fill(3, 0x0ff0aa55);
    for (unsigned plane = 0; plane < 4; ++plane) {
        guest.graphics(4, static_cast<u8>(plane));
        CHECK(guest.peek(3) == (0x0ff0aa55u >> plane * 8 & 0xff));
    }
    guest.graphics(5, 0x08);
    guest.graphics(2, 0x05);
    guest.graphics(7, 0x0f);
    CHECK(guest.peek(3) == 0x50);  // planes 0 and 2 set, 1 and 3 not
    guest.graphics(7, 0x00);
    CHECK(guest.peek(3) == 0xff);
    guest.graphics(7, 0x04);
    CHECK(guest.peek(3) == 0xf0);
}

TEST_CASE("VGA chain 4: the low address bits choose the plane and stay out of the address") {
    VgaGuest guest;
    guest.set_mode(kMode13);
    for (unsigned i = 0; i < 8; ++i) guest.poke(i, static_cast<u8>(0x10 + i));
    CHECK(guest.vga.memory().planes(0) == 0x13121110);
    CHECK(guest.vga.memory().planes(4) == 0x17161514);
    CHECK(guest.vga.memory().planes(1) == 0);
    CHECK(guest.peek(5) == 0x15);
    guest.sequencer(2, 0x0e);
    guest.poke(0, 0xff);
    guest.poke(1, 0xff);
    CHECK(guest.vga.memory().planes(0) == 0x1312ff10);
}

TEST_CASE("VGA odd/even: text at B8000h, characters in plane 0, attributes in plane 1") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    guest.type(0, 0, "Hi", 0x1e);
    CHECK(guest.vga.memory().planes(0) == 0x1e48);
    CHECK(guest.vga.memory().planes(2) == 0x1e69);
    CHECK(guest.vga.read(Vga::kWindow, VgaGuest::kTextBuffer, 4) == 0x1e691e48);
}

TEST_CASE("VGA: only the selected map answers") {
    VgaGuest guest;
    guest.set_mode(kMode12);
    for (const unsigned map : {0u, 1u, 2u, 3u}) {
        guest.graphics(6, static_cast<u8>(map << 2 | 1));
        const u64 first = std::array<u64, 4>{0, 0, 0x10000, 0x18000}[map];
        const u64 size = std::array<u64, 4>{0x20000, 0x10000, 0x8000, 0x8000}[map];
        guest.poke(first + 5, static_cast<u8>(0x50 + map));
        CHECK(guest.vga.memory().planes(5) == (0x50 + map) * 0x01010101u);
        if (first > 0) CHECK(guest.peek(first - 1) == 0xff);
        if (first + size < 0x20000) CHECK(guest.peek(first + size) == 0xff);
    }
    CHECK(guest.vga.read(Vga::kWindow, 0x20000, 1) == 0xff);
}

}  // namespace seventeen::devices
