// VGA rendering: pixels of planar, CGA, 256-colour, mode X and VBE modes, panned and split.
#include "devices/vga_render.h"

#include <catch2/catch.hpp>

#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

namespace {

void mode_x(VgaGuest& guest) {
    guest.set_mode(kMode13);
    guest.sequencer(4, 0x06);
    guest.crtc(0x14, 0x00);
    guest.crtc(0x17, 0xe3);
}

constexpr auto shade = &VgaGuest::shade;

}  // namespace

TEST_CASE("VGA mode 12h: a pixel written in write mode 2 appears where it was put") {
    VgaGuest guest;
    guest.set_mode(kMode12);
    guest.graphics(5, 2);
    guest.graphics(8, 0x80 >> (123 % 8));
    guest.poke(45 * 80 + 123 / 8, 0x0b);
    const Picture picture = guest.picture();
    CHECK(picture.width == 640);
    CHECK(picture.height == 480);
    CHECK(picture.at(123, 45) == shade(11));
    CHECK(picture.at(122, 45) == shade(0));
    CHECK(picture.at(124, 45) == shade(0));
    CHECK(picture.at(123, 44) == shade(0));
    CHECK(picture.at(123, 46) == shade(0));
}

TEST_CASE("VGA mode 0Dh: pixels of two dots, lines of two scan lines") {
    VgaGuest guest;
    guest.set_mode(kMode0d);
    guest.sequencer(2, 0x05);
    guest.poke(3 * 40 + 1, 0x40);
    const Picture picture = guest.picture();
    CHECK(picture.width == 640);
    CHECK(picture.height == 400);
    for (const unsigned x : {18u, 19u})
        for (const unsigned y : {6u, 7u}) CHECK(picture.at(x, y) == shade(5));
    CHECK(picture.at(17, 6) == shade(0));
    CHECK(picture.at(20, 6) == shade(0));
    CHECK(picture.at(18, 5) == shade(0));
    CHECK(picture.at(18, 8) == shade(0));
    guest.attribute(0x13, 1);  // one pixel to the left
    CHECK(guest.picture().at(16, 6) == shade(5));
}

TEST_CASE("VGA mode 04h: two bits a pixel, odd lines 8 KiB further on") {
    VgaGuest guest;
    guest.set_mode(kMode04);
    guest.poke(VgaGuest::kTextBuffer + 0, 0x1b);       // pixels 0 1 2 3
    guest.poke(VgaGuest::kTextBuffer + 1, 0xe4);       // pixels 3 2 1 0
    guest.poke(VgaGuest::kTextBuffer + 0x2000, 0xc0);  // line 1
    const Picture picture = guest.picture();
    CHECK(picture.width == 640);
    const unsigned expected[] = {0, 1, 2, 3, 3, 2, 1, 0};
    for (unsigned i = 0; i < 8; ++i) CHECK(picture.at(i * 2 + 1, 1) == shade(expected[i]));
    CHECK(picture.at(0, 2) == shade(3));
    CHECK(picture.at(2, 2) == shade(0));
    CHECK(picture.at(0, 4) == shade(0));
}

TEST_CASE("VGA mode 13h: bytes are pixels") {
    VgaGuest guest;
    guest.set_mode(kMode13);
    guest.poke(100 * 320 + 77, 0xe9);
    guest.poke(199 * 320 + 319, 0x12);
    Picture picture = guest.picture();
    CHECK(picture.width == 640);
    CHECK(picture.height == 400);
    for (const unsigned x : {154u, 155u})
        for (const unsigned y : {200u, 201u}) CHECK(picture.at(x, y) == shade(0xe9));
    CHECK(picture.at(153, 200) == shade(0));
    CHECK(picture.at(156, 200) == shade(0));
    CHECK(picture.at(639, 399) == shade(0x12));
    guest.colour(0xe9, 0x3f3f00);
    CHECK(guest.picture().at(154, 200) == 0xffff00);
}

TEST_CASE("VGA mode X: planes, pages and fine panning") {
    VgaGuest guest;
    mode_x(guest);
    guest.sequencer(2, 1 << (77 % 4));
    guest.poke(16000 + 10 * 80 + 77 / 4, 0x45);
    CHECK(guest.picture().at(154, 20) == shade(0));
    guest.crtc(0x0c, 16000 >> 8);
    guest.crtc(0x0d, 16000 & 0xff);
    CHECK(guest.picture().at(154, 20) == shade(0x45));
    guest.attribute(0x13, 2);  // one pixel
    CHECK(guest.picture().at(152, 20) == shade(0x45));
    CHECK(guest.picture().at(154, 20) == shade(0));
    guest.crtc(0x0d, (16000 & 0xff) + 1);  // and four more
    CHECK(guest.picture().at(144, 20) == shade(0x45));
    guest.crtc(0x0d, (16000 & 0xff));
    guest.crtc(0x13, 0x30);  // lines of 96 bytes: this is pixel 1 of line 10, panned to 0
    guest.poke(16000 + 960, 0x67);
    CHECK(guest.picture().at(1, 20) == shade(0x67));
}

TEST_CASE("VGA split screen: below the line compare memory starts anew, panned or not") {
    VgaGuest guest;
    mode_x(guest);
    guest.sequencer(2, 0x0f);
    guest.poke(0, 0x11);
    guest.poke(8000, 0x22);
    guest.crtc(0x0c, 8000 >> 8);
    guest.crtc(0x0d, 8000 & 0xff);
    guest.crtc(0x11, 0x0e);
    guest.crtc(0x07, 0x1f);
    guest.crtc(0x09, 0x01);
    guest.crtc(0x18, 299 - 256);
    Picture picture = guest.picture();
    CHECK(picture.at(0, 0) == shade(0x22));
    CHECK(picture.at(0, 299) == shade(0));
    CHECK(picture.at(7, 300) == shade(0x11));
    CHECK(picture.at(7, 301) == shade(0x11));
    CHECK(picture.at(8, 300) == shade(0));
    CHECK(picture.at(0, 302) == shade(0));
    guest.attribute(0x13, 4);
    picture = guest.picture();
    CHECK(picture.at(4, 0) == shade(0));
    CHECK(picture.at(4, 300) == shade(0));
    guest.attribute(0x10, 0x61);
    picture = guest.picture();
    CHECK(picture.at(4, 0) == shade(0));
    CHECK(picture.at(7, 300) == shade(0x11));
}

TEST_CASE("VGA: blanked screens are black, or of the border's colour") {
    VgaGuest guest;
    guest.set_mode(kMode13);
    guest.attribute(0x11, 9);
    guest.poke(0, 0x55);
    guest.sequencer(1, 0x21);
    CHECK(guest.picture().at(0, 0) == 0);
    guest.sequencer(1, 0x01);
    CHECK(guest.picture().at(0, 0) == shade(0x55));
    guest.in(0x3da);
    guest.out(0x3c0, 0x00);
    CHECK(guest.picture().at(0, 0) == shade(9));
}

TEST_CASE("VBE: pixels of every depth") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    const auto pixel = [&](unsigned depth, u64 value, unsigned bytes) {
        guest.set_vbe(640, 480, depth);
        guest.draw((17 * 640 + 33) * bytes, value, bytes == 3 ? 4 : bytes);
        const Picture picture = guest.picture();
        CHECK(picture.width == 640);
        CHECK(picture.height == 480);
        CHECK(picture.at(32, 17) == (bytes == 1 ? shade(0) : 0));
        return picture.at(33, 17);
    };
    CHECK(pixel(8, 0x9a, 1) == shade(0x9a));
    CHECK(pixel(15, 0x7c1f, 2) == 0xff00ff);
    CHECK(pixel(15, 0x0210, 2) == 0x008484);
    CHECK(pixel(16, 0xffe0, 2) == 0xffff00);
    CHECK(pixel(16, 0x0410, 2) == 0x008284);
    CHECK(pixel(24, 0x123456, 3) == 0x123456);
    CHECK(pixel(32, 0xff123456, 4) == 0x123456);
}

TEST_CASE("VBE: four bits a pixel are planar") {
    VgaGuest guest;
    guest.set_mode(kMode12);
    guest.set_vbe(800, 600, 4);
    guest.graphics(5, 2);
    guest.graphics(8, 0x80 >> (333 % 8));
    guest.poke(444 * 100 + 333 / 8, 0x0d);
    const Picture picture = guest.picture();
    CHECK(picture.width == 800);
    CHECK(picture.at(333, 444) == shade(13));
    CHECK(picture.at(334, 444) == shade(0));
    guest.vbe(8, 5);
    guest.vbe(9, 4);
    CHECK(guest.picture().at(328, 440) == shade(13));
}

TEST_CASE("VBE: offsets into a virtual screen, and eight bits a component") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    guest.set_vbe(320, 200, 8, 0x61);
    guest.vbe(6, 512);
    guest.vbe(8, 10);
    guest.vbe(9, 20);
    guest.draw(25 * 512 + 17, 0x80, 1);
    guest.colour(0x80, 0x81c3ff);
    CHECK(guest.picture().at(7, 5) == 0x81c3ff);
}

}  // namespace seventeen::devices
