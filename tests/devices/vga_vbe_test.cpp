// Vbe: the Bochs display interface's registers, corrections, banks and memory clearing.
#include "devices/vga_vbe.h"

#include <catch2/catch.hpp>

#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

TEST_CASE("VBE: identification and capabilities") {
    VgaGuest guest;
    CHECK(guest.vbe(0) == 0xb0c5);
    guest.vbe(0, 0xb0c2);
    CHECK(guest.vbe(0) == 0xb0c2);
    guest.vbe(0, 0x1234);
    CHECK(guest.vbe(0) == 0xb0c2);
    CHECK(guest.vbe(10) == 256);  // 64 KiB each
    guest.vbe(4, 2);
    CHECK(guest.vbe(1) == Vbe::kMaxWidth);
    CHECK(guest.vbe(2) == Vbe::kMaxHeight);
    CHECK(guest.vbe(3) == 32);
    CHECK(guest.vbe(99) == 0);
    CHECK(guest.vga.read(Vga::kVbePorts, 0, 2) == 99);
}

TEST_CASE("VBE: a mode's line, virtual size and offsets are made to fit") {
    VgaGuest guest;
    guest.set_vbe(1920, 1080, 32);
    CHECK(guest.vbe(1) == 1920);
    CHECK(guest.vbe(2) == 1080);
    CHECK(guest.vbe(6) == 1920);
    CHECK(guest.vbe(7) == (16u << 20) / (1920 * 4));
    guest.vbe(9, 1000);
    CHECK(guest.vbe(9) == 1000);
    guest.vbe(9, 1200);  // 1200 + 1080 > 2184
    CHECK(guest.vbe(9) == 0);
    guest.set_vbe(801, 600, 17);
    CHECK(guest.vbe(1) == 800);
    CHECK(guest.vbe(3) == 8);
    guest.vbe(6, 1027);
    CHECK(guest.vbe(6) == 1024);
    guest.vbe(6, 100);
    CHECK(guest.vbe(6) == 800);
    guest.set_vbe(0, 0, 24);
    CHECK(guest.vbe(1) == 8);
    CHECK(guest.vbe(2) == 1);
    guest.set_vbe(0xffff, 0xffff, 32);
    CHECK(guest.vbe(1) == Vbe::kMaxWidth);
    CHECK(guest.vbe(2) == Vbe::kMaxHeight);
    CHECK(guest.picture().pixels.size() == Vbe::kMaxWidth * Vbe::kMaxHeight);
    guest.vbe(6, 0xffff);
    guest.vbe(8, 0xffff);
    guest.vbe(9, 0xffff);
    guest.picture();  // reads nothing outside video memory
}

TEST_CASE("VBE: enabling clears the screen unless told not to") {
    VgaGuest guest;
    guest.draw(0, 0x1234, 2);
    guest.draw(640 * 480, 0x56, 1);
    guest.set_vbe(640, 480, 8, 0xc1);
    CHECK(guest.vga.read(Vga::kFramebuffer, 0, 2) == 0x1234);
    guest.set_vbe(640, 480, 8);
    CHECK(guest.vga.read(Vga::kFramebuffer, 0, 2) == 0);
    CHECK(guest.vga.read(Vga::kFramebuffer, 640 * 480, 1) == 0x56);
    guest.draw(0, 0x12, 1);
    guest.vbe(4, 0x41);  // enabled already
    CHECK(guest.vga.read(Vga::kFramebuffer, 0, 1) == 0x12);
}

TEST_CASE("VBE: the window shows one bank of 64 KiB") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    guest.set_vbe(1024, 768, 8);
    guest.vbe(5, 3);
    guest.vga.write(Vga::kWindow, 0x1000, 0xaabbccdd, 4);
    CHECK(guest.vga.read(Vga::kFramebuffer, 0x31000, 4) == 0xaabbccdd);
    CHECK(guest.peek(0x1002) == 0xbb);
    CHECK(guest.peek(0x18000) == 0xff);
    guest.vbe(5, 0x1ff);  // beyond the end
    CHECK(guest.vbe(5) == 0xff);
    guest.poke(0xffff, 0x77);
    CHECK(guest.vga.read(Vga::kFramebuffer, (16u << 20) - 1, 1) == 0x77);
    guest.vbe(4, 0);
    CHECK(guest.vbe(5) == 0);
}

TEST_CASE("VBE: the register window of PCI has ports and registers too") {
    VgaGuest guest;
    guest.vga.write(Vga::kRegisterWindow, 0x402, 0x67, 1);
    CHECK(guest.in(0x3cc) == 0x67);
    guest.vga.write(Vga::kRegisterWindow, 0x414, 0x120e, 2);  // CRTC 0Eh
    CHECK(guest.in(0x3d5) == 0x12);
    CHECK(guest.vga.read(Vga::kRegisterWindow, 0x415, 1) == 0x12);
    CHECK(guest.vga.read(Vga::kRegisterWindow, 0x500, 2) == 0xb0c5);
    guest.vga.write(Vga::kRegisterWindow, 0x502, 640, 2);
    CHECK(guest.vbe(1) == 640);
    guest.vga.write(Vga::kRegisterWindow, 0xfff, 1, 8);
    CHECK(guest.vga.read(Vga::kRegisterWindow, 0xff8, 4) == 0xffffffff);
}

}  // namespace seventeen::devices
