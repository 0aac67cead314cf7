// Vga: incremental updates, reset and snapshots of the whole chip.
#include "devices/vga.h"

#include <catch2/catch.hpp>
#include <random>

#include "core/error.h"
#include "tests/devices/vga_guest.h"

namespace seventeen::devices {

TEST_CASE("VGA: updates draw what has changed and nothing else") {
    VgaGuest guest;
    Picture picture;
    guest.set_mode(kMode03);
    CHECK(guest.vga.update(picture).end == 400);
    CHECK(guest.vga.update(picture).empty());
    guest.type(0, 0, "x");
    CHECK_FALSE(guest.vga.update(picture).empty());
    CHECK(guest.vga.update(picture).empty());
    guest.clock.advance(8 * 14'268'061);  // the cursor blinks
    CHECK_FALSE(guest.vga.update(picture).empty());

    guest.set_vbe(1024, 768, 32);
    CHECK(guest.vga.update(picture).end == 768);
    CHECK(guest.vga.update(picture).empty());
    guest.clock.advance(1'000'000'000);
    CHECK(guest.vga.update(picture).empty());
    guest.draw((100 * 1024 + 5) * 4, 0x00abcdef, 4);
    const PictureRows rows = guest.vga.update(picture);
    CHECK(rows.first == 100);
    CHECK(rows.end == 101);
    CHECK(picture.at(5, 100) == 0xabcdef);
    CHECK(picture.pixels == guest.picture().pixels);
    guest.vga.memory().bytes()[7] = 1;  // as a mapped framebuffer would
    CHECK(guest.vga.update(picture).empty());
    guest.vga.memory().mark(7, 1);
    CHECK(guest.vga.update(picture).end == 1);
    guest.vbe(9, 1);
    CHECK(guest.vga.update(picture).end == 768);
}

TEST_CASE("VGA: reset forgets the mode, and video memory stays") {
    VgaGuest guest;
    guest.set_mode(kMode13);
    guest.set_vbe(640, 480, 32);
    guest.draw(4, 0x12, 1);
    guest.vga.reset();
    CHECK(guest.vbe(4) == 0);
    CHECK(guest.in(0x3cc) == 0);
    CHECK(guest.vga.text_screen().rows == 0);
    CHECK(guest.vga.read(Vga::kFramebuffer, 4, 1) == 0x12);
}

TEST_CASE("VGA: restores what it saved, and refuses damage") {
    VgaGuest guest;
    guest.set_mode(kMode03);
    guest.type(3, 4, "saved");
    guest.load_glyph(0, 'a', "\xff");
    guest.out(0x3c8, 17);
    guest.out(0x3c9, 5);
    guest.in(0x3da);
    guest.out(0x3c0, 0x31);
    guest.peek(VgaGuest::kTextBuffer);
    const std::vector<u8> image = saved(guest.clock, guest.vga);
    VgaGuest other;
    restore(image, guest.clock.retired, other.clock, other.vga);
    CHECK(other.picture().pixels == guest.picture().pixels);
    CHECK(other.vga.text_screen().text(4) == "   saved");
    for (VgaGuest* each : {&guest, &other}) {
        each->out(0x3c0, 0x07);  // data
        each->out(0x3c9, 6);
        each->out(0x3c9, 7);
        each->graphics(5, 0x11);
        each->poke(VgaGuest::kTextBuffer + 100, 0);  // the latches
    }
    CHECK(saved(other.clock, other.vga) == saved(guest.clock, guest.vga));

    TestClock clock;
    Vga small(clock.scheduler, 1u << 20);
    CHECK_THROWS_AS(restore(image, guest.clock.retired, clock, small), Error);
}

TEST_CASE("VGA: random accesses harm nobody") {
    VgaGuest guest;
    std::mt19937 random(17);
    Picture picture;
    for (int i = 0; i < 60'000; ++i) {
        const unsigned region = random() % 6;
        const u64 sizes[] = {0x20, 12, 3, 0x20000, 16u << 20, 0x1000};
        const Width width = 1u << random() % 4;
        const u64 offset = random() % sizes[region];
        if (random() % 4 == 0)
            guest.vga.read(region, offset, width);
        else
            guest.vga.write(region, offset, u64{random()} >> random() % 32, width);
        if (random() % 64 == 0) guest.vbe(random() % 11, random() >> random() % 32 & 0xffff);
        if (i % 2000 == 0) {
            guest.clock.advance(random() % 100'000'000);
            guest.vga.update(picture);
            guest.vga.render(picture);
            guest.vga.text_screen();
        }
    }
    const std::vector<u8> image = saved(guest.clock, guest.vga);
    VgaGuest other;
    restore(image, guest.clock.retired, other.clock, other.vga);
    CHECK(saved(other.clock, other.vga) == image);
}

}  // namespace seventeen::devices
