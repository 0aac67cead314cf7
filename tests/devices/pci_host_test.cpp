// PciHost: the 82441FX's identity, PAM and SMRAM registers (datasheet 290549, 3.2).
#include "devices/pci_host.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

struct Board {
    PciHost host;
    std::map<u64, PamRange> pam;
    SmramControl smram;
    unsigned calls = 0;

    Board() {
        host.on_pam([this](const PamRange& range) {
            pam[range.first.value] = range;
            ++calls;
        });
        host.on_smram([this](const SmramControl& control) { smram = control; });
    }
};

}  // namespace

TEST_CASE("440FX: firmware recognises it") {
    Board board;
    CHECK(board.host.read_config(0, 4) == 0x12378086);
    CHECK(board.host.read_config(0x08, 4) == 0x06000002);
    CHECK(board.host.read_config(0x2c, 4) == 0x11001af4);
}

TEST_CASE("440FX: PAM covers c0000h to fffffh piece by piece") {
    Board board;
    board.host.reset();
    REQUIRE(board.pam.size() == 13);
    u64 next = 0xc0000;
    for (const auto& [first, range] : board.pam) {
        CHECK(first == next);
        CHECK_FALSE(range.read_ram);
        CHECK_FALSE(range.write_ram);
        next += range.size;
    }
    CHECK(next == 0x100000);
    board.calls = 0;
    board.host.write_config(0x59, 0x30, 1);
    CHECK(board.calls == 1);
    CHECK(board.pam[0xf0000].read_ram);
    CHECK(board.pam[0xf0000].write_ram);
    CHECK(board.pam[0xf0000].size == 0x10000);
    board.host.write_config(0x5a, 0x21, 1);
    CHECK(board.pam[0xc0000].read_ram);
    CHECK_FALSE(board.pam[0xc0000].write_ram);
    CHECK_FALSE(board.pam[0xc4000].read_ram);
    CHECK(board.pam[0xc4000].write_ram);
    board.host.write_config(0x5c, 0x33333333, 4);
    CHECK(board.pam[0xec000].write_ram);
    CHECK(board.pam[0xd0000].read_ram);
    CHECK(board.calls == 11);
    CHECK(board.host.read_config(0x5c, 4) == 0x33333333);
    board.host.write_config(0x5c, 0x33333333, 4);
    CHECK(board.calls == 11);
}

TEST_CASE("440FX: the SMRAM lock closes and holds until reset") {
    Board board;
    CHECK(board.host.read_config(0x72, 1) == 0x02);
    board.host.write_config(0x72, 0x4a, 1);
    CHECK(board.smram.open);
    CHECK(board.smram.enabled);
    board.host.write_config(0x72, 0x5a, 1);
    CHECK_FALSE(board.smram.open);
    CHECK(board.host.read_config(0x72, 1) == 0x1a);
    board.host.write_config(0x72, 0x62, 1);
    CHECK(board.host.read_config(0x72, 1) == 0x3a);
    CHECK(board.smram.closed);
    board.host.reset();
    CHECK(board.host.read_config(0x72, 1) == 0x02);
    CHECK_FALSE(board.smram.enabled);
}

TEST_CASE("440FX: restoring tells the whole map") {
    Board board;
    board.host.write_config(0x5f, 0x03, 1);
    board.host.write_config(0x72, 0x0a, 1);
    const TestClock clock;
    Board other;
    TestClock other_clock;
    restore(saved(clock, board.host), 0, other_clock, other.host);
    REQUIRE(other.pam.size() == 13);
    CHECK(other.pam[0xe8000].read_ram);
    CHECK_FALSE(other.pam[0xec000].read_ram);
    CHECK(other.smram.enabled);
}

}  // namespace seventeen::devices
