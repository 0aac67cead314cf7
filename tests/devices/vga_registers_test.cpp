// VgaRegisters: ports, protection, flip-flop, DAC and retrace status, by IBM's technical reference.
#include "devices/vga_registers.h"

#include <catch2/catch.hpp>

#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

TEST_CASE("VGA: registers keep the bits they have") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    CHECK(guest.in(0x3cc) == 0x67);
    CHECK(guest.get(0x3c4, 4) == 0x02);
    CHECK(guest.get(0x3d4, 9) == 0x4f);
    CHECK(guest.get(0x3ce, 6) == 0x0e);
    guest.sequencer(2, 0xff);
    CHECK(guest.get(0x3c4, 2) == 0x0f);
    guest.graphics(5, 0xff);
    CHECK(guest.get(0x3ce, 5) == 0x7b);
    guest.crtc(0x30, 0x12);  // a chip of another make would have kept it
    CHECK(guest.get(0x3d4, 0x30) == 0);
    guest.out(0x3ce, 0x18);
    CHECK(guest.in(0x3ce) == 0x08);
    guest.out(0x3da, 3);
    CHECK(guest.in(0x3ca) == 3);
}

TEST_CASE("VGA: the CRT controller moves between 3Dxh and 3Bxh") {
    VgaGuest guest;
    guest.out(0x3c2, 0x67);
    guest.crtc(0x0e, 0x12);
    CHECK(guest.in(0x3b5) == 0xff);
    guest.out(0x3c2, 0x66);
    CHECK(guest.in(0x3d5) == 0xff);
    CHECK(guest.in(0x3da) == 0xff);
    CHECK(guest.in(0x3b5) == 0x12);
    guest.out(0x3b5, 0x34);
    guest.crtc(0x0e, 0x56);  // to nobody
    CHECK(guest.in(0x3b5) == 0x34);
    CHECK(guest.in(0x3ba) != 0xff);
}

TEST_CASE("VGA: the lock protects CRTC 0 to 7 but for line compare's bit") {
    VgaGuest guest;
    guest.set_mode(kMode03);  // 11h is 8Eh
    guest.crtc(0x00, 0x11);
    guest.crtc(0x07, 0x00);
    guest.crtc(0x08, 0x01);
    CHECK(guest.get(0x3d4, 0x00) == 0x5f);
    CHECK(guest.get(0x3d4, 0x07) == 0x0f);
    CHECK(guest.get(0x3d4, 0x08) == 0x01);
    guest.crtc(0x11, 0x0e);
    guest.crtc(0x00, 0x11);
    CHECK(guest.get(0x3d4, 0x00) == 0x11);
}

TEST_CASE("VGA: the attribute flip-flop, and a palette that only loads while not in use") {
    VgaGuest guest;
    guest.out(0x3c2, 0x67);
    guest.in(0x3da);
    guest.out(0x3c0, 0x02);
    guest.out(0x3c0, 0xff);
    CHECK(guest.in(0x3c0) == 0x02);
    CHECK(guest.in(0x3c1) == 0x3f);
    guest.out(0x3c0, 0x22);  // an index again
    CHECK(guest.in(0x3c0) == 0x22);
    guest.in(0x3da);
    guest.out(0x3c0, 0x22);
    guest.out(0x3c0, 0x01);
    CHECK(guest.in(0x3c1) == 0x3f);
    guest.out(0x3c0, 0x33);
    guest.out(0x3c0, 0x05);
    CHECK(guest.in(0x3c1) == 0x05);
}

TEST_CASE("VGA: the DAC's one address register counts with each colour") {
    VgaGuest guest;
    guest.colour(7, 0x3f2010);
    guest.colour(8, 0xff4181);
    CHECK(guest.in(0x3c8) == 9);
    CHECK(guest.in(0x3c7) == 0);
    guest.out(0x3c7, 7);
    CHECK(guest.in(0x3c7) == 3);
    CHECK(guest.in(0x3c8) == 8);
    for (const unsigned value : {0x3f, 0x20, 0x10, 0x3f, 0x01, 0x01})
        CHECK(guest.in(0x3c9) == value);
    CHECK(guest.in(0x3c8) == 10);
    guest.out(0x3c8, 255);
    for (int i = 0; i < 6; ++i) guest.out(0x3c9, 0x2a);  // wraps to 0
    guest.out(0x3c7, 0);
    CHECK(guest.in(0x3c9) == 0x2a);
    guest.out(0x3c8, 5);
    guest.out(0x3c9, 1);  // an unfinished colour is dropped
    guest.out(0x3c7, 5);
    CHECK(guest.in(0x3c9) == 0);
}

TEST_CASE("VGA: input status follows the beam of a 70 Hz mode") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    // 100 characters of 9 dots, 449 lines, 28.322 MHz: a frame is 14.268 ms, a line 31.777 µs.
    CHECK(guest.vga.frame_length() == 14'268'060);
    CHECK((guest.in(0x3da) & 9) == 0);
    guest.clock.advance(27'000);  // past 80 of 100 characters
    CHECK((guest.in(0x3da) & 9) == 1);
    guest.clock.advance(5'000);
    CHECK((guest.in(0x3da) & 9) == 0);
    const auto at_line = [&](u64 line) {
        guest.clock.advance(14'268'060 * 10 + line * 31'777 + 500 - guest.clock.retired);
        return guest.in(0x3da) & 9;
    };
    CHECK(at_line(399) == 0);
    CHECK(at_line(401) == 1);
    CHECK(at_line(411) == 1);
    CHECK(at_line(413) == 9);  // retrace starts with line 412 and ends before 414
    CHECK(at_line(414) == 1);
    CHECK(guest.clock.scheduler.next_tick() == Scheduler::kNever);
}

TEST_CASE("VGA: a retrace leaves its interrupt pending until it is cleared") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    CHECK((guest.in(0x3c2) & 0x80) == 0);
    guest.crtc(0x11, 0x0e);
    guest.crtc(0x11, 0x1e);
    CHECK((guest.in(0x3c2) & 0x80) == 0);
    guest.clock.advance(15'000'000);
    CHECK((guest.in(0x3c2) & 0x80) != 0);
    guest.crtc(0x11, 0x0e);
    CHECK((guest.in(0x3c2) & 0x80) == 0);
    guest.crtc(0x11, 0x1e);
    CHECK((guest.in(0x3c2) & 0x80) == 0);
}

TEST_CASE("VGA: unprogrammed timings divide by nothing") {
    VgaGuest guest;
    guest.out(0x3c2, 0x01);
    guest.in(0x3da);
    guest.clock.advance(123'456);
    guest.in(0x3da);
    CHECK(guest.vga.frame_length() > 0);
    CHECK(guest.picture().width == 640);
}

}  // namespace seventeen::devices
