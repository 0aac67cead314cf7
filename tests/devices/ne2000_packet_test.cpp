// What the NE2000's chip sends, receives, filters, rings round and loops back (DP8390D; AN-937).
#include <catch2/catch.hpp>

#include "tests/devices/ne2000_guest.h"

namespace seventeen::devices {

namespace {

// IEEE 802.3's checksum, computed as lib/crc32 tables do not: bit by bit from the other end.
u32 ether_crc(std::span<const u8> bytes) {
    u32 crc = ~u32{0};
    for (u8 byte : bytes)
        for (int bit = 0; bit < 8; ++bit, byte >>= 1)
            crc = crc << 1 ^ (((crc >> 31 ^ byte) & 1) != 0 ? 0x04c11db7 : 0);
    return crc;
}

Frame checksum_of(const Frame& frame) {
    const u32 crc = ~ether_crc(frame);
    Frame bytes(4);
    for (int bit = 0; bit < 32; ++bit)
        bytes[bit / 8] |= static_cast<u8>((crc >> (31 - bit) & 1) << bit % 8);
    return bytes;
}

Frame with_checksum(Frame frame) {
    const Frame checksum = checksum_of(frame);
    frame.insert(frame.end(), checksum.begin(), checksum.end());
    return frame;
}

}  // namespace

TEST_CASE("NE2000: a frame goes out at once and says so") {
    IsaBench bench;
    bench.guest.start();
    const Frame frame = frame_to(kEverybody, 1514);
    bench.guest.send(frame);
    REQUIRE(bench.cable.frames.size() == 1);
    CHECK(bench.cable.frames[0] == frame);
    CHECK(bench.guest.in(0x04) == 0x01);           // TSR: PTX
    CHECK((bench.guest.in(0x00) & 0x04) == 0);     // CR: TXP is over
    CHECK((bench.guest.in(0x07) & 0x0f) == 0x02);  // ISR: PTX
    CHECK(bench.card.interrupt().level());
    CHECK(bench.guest.in(0x05) == 0);  // no collisions
}

TEST_CASE("NE2000: without a cable the carrier is lost") {
    Ne2000 card(kStation);
    Ne2000Guest guest(card);
    guest.start();
    guest.send(frame_to(kEverybody, 60));
    CHECK(guest.in(0x04) == 0x11);
    CHECK((guest.in(0x07) & 0x02) != 0);
}

TEST_CASE("NE2000: lengths that no frame has do not reach the cable") {
    IsaBench bench;
    bench.guest.start();
    for (const std::size_t size : {0u, 1u, 13u, 1519u, 0x4000u, 0xffffu}) {
        bench.guest.out(0x07, 0xff);
        bench.guest.trigger(size);
        CHECK((bench.guest.in(0x07) & 0x02) != 0);
    }
    CHECK(bench.cable.frames.empty());
    bench.guest.trigger(14);
    bench.guest.trigger(1518);
    CHECK(bench.cable.frames.size() == 2);
    // From the last page, where memory ends.
    bench.guest.out(0x04, 0xff);
    bench.guest.out(0x05, 0x00);
    bench.guest.out(0x06, 0x04);
    bench.guest.out(0x00, 0x26);
    CHECK(bench.cable.frames.size() == 3);
}

TEST_CASE("NE2000: a stopped chip neither sends nor receives") {
    IsaBench bench;
    bench.guest.start();
    bench.guest.out(0x00, 0x21);
    CHECK((bench.guest.in(0x07) & 0x80) != 0);
    bench.guest.out(0x00, 0x25);
    CHECK(bench.cable.frames.empty());
    bench.card.receive(frame_to_card(60));
    bench.guest.out(0x00, 0x22);
    CHECK(bench.guest.in(0x07) == 0);
    CHECK_FALSE(bench.guest.receive());
}

TEST_CASE("NE2000: software appends its own checksum where it wants to") {
    IsaBench bench;
    bench.guest.start();
    bench.guest.out(0x0d, 0x01);
    const Frame frame = frame_to(kEverybody, 60);
    bench.guest.send(with_checksum(frame));
    REQUIRE(bench.cable.frames.size() == 1);
    CHECK(bench.cable.frames[0] == frame);
    bench.guest.send(frame);  // its last four bytes are no checksum
    CHECK(bench.cable.frames.size() == 1);
}

TEST_CASE("NE2000: a received frame has a header, is padded and interrupts") {
    IsaBench bench;
    bench.guest.start();
    bench.card.receive(frame_to_card(42));
    CHECK(bench.card.interrupt().level());
    CHECK(bench.guest.in(0x07) == 0x01);
    CHECK(bench.guest.in(0x0c) == 0x01);
    const std::optional<Received> received = bench.guest.receive();
    REQUIRE(received);
    CHECK(received->status == 0x01);
    CHECK(received->next == Ne2000Guest::kRingStart + 1);
    Frame padded = frame_to_card(42);
    padded.resize(60);
    CHECK(received->frame == padded);
    CHECK_FALSE(bench.guest.receive());

    // 4 + 248 + 4 bytes are a page; one more takes the next.
    for (const auto& [size, pages] : {std::pair{248u, 1}, {249u, 2}, {504u, 2}, {505u, 3}}) {
        const u8 before = bench.guest.current();
        bench.card.receive(frame_to_card(size));
        CHECK(bench.guest.current() == before + pages);
        CHECK(bench.guest.receive()->frame == frame_to_card(size));
    }
}

TEST_CASE("NE2000: frames of absurd length are dropped") {
    IsaBench bench;
    bench.guest.start(0x1f);
    for (const std::size_t size : {0u, 5u, 6u, 13u, 1519u, 65535u, 1000000u})
        bench.card.receive(frame_to_card(std::max<std::size_t>(size, 6)));
    bench.card.receive({});
    bench.card.receive(Frame(3));
    CHECK(bench.guest.in(0x07) == 0);
    CHECK(bench.guest.current() == Ne2000Guest::kRingStart);
    bench.card.receive(frame_to_card(1518));
    CHECK(bench.guest.receive()->frame.size() == 1518);
}

TEST_CASE("NE2000: the ring is gone round, reading and writing") {
    for (const u8 word : {u8{0}, u8{1}}) {
        IsaBench bench;
        bench.guest.word = word;
        bench.guest.start();
        bool wrapped = false;
        for (unsigned i = 0; i < 60; ++i) {
            const Frame frame = frame_to_card(1514 - 2 * i, static_cast<u8>(i));
            const u8 before = bench.guest.current();
            bench.card.receive(frame);
            wrapped |= bench.guest.current() < before;
            const std::optional<Received> received = bench.guest.receive();
            REQUIRE(received);
            CHECK(received->frame == frame);
            CHECK(bench.guest.current() < Ne2000Guest::kRingStop);
        }
        CHECK(wrapped);
    }
}

TEST_CASE("NE2000: a full ring overflows, keeps what it has and recovers as Linux does it") {
    IsaBench bench;
    bench.guest.start();
    unsigned stored = 0;
    while (bench.card.has_room()) {
        bench.card.receive(frame_to_card(1514, static_cast<u8>(stored++)));
        REQUIRE(stored < 20);
    }
    CHECK(stored == 8);  // 52 pages; six a frame
    CHECK((bench.guest.in(0x07) & 0x10) == 0);
    bench.card.receive(frame_to_card(1514));
    CHECK(bench.guest.in(0x07) == 0x95);  // RST, OVW, RXE, PRX
    CHECK(bench.guest.in(0x0c) == 0x11);  // the last good one, and a missed one
    CHECK(bench.guest.in(0x0f) == 1);
    CHECK(bench.guest.in(0x0f) == 0);

    bench.guest.out(0x00, 0x21);
    bench.guest.out(0x0a, 0);
    bench.guest.out(0x0b, 0);
    bench.guest.out(0x0d, 0x02);
    bench.guest.out(0x00, 0x22);
    CHECK(bench.card.has_room());  // it hears nothing, so nothing overflows
    bench.card.receive(frame_to_card(60));
    for (unsigned i = 0; i < stored; ++i)
        CHECK(bench.guest.receive()->frame == frame_to_card(1514, static_cast<u8>(i)));
    CHECK_FALSE(bench.guest.receive());
    bench.guest.out(0x07, 0x15);
    bench.guest.out(0x0d, 0x00);
    CHECK((bench.guest.in(0x07) & 0x95) == 0);
    bench.card.receive(frame_to_card(60));
    CHECK(bench.guest.receive());
}

TEST_CASE("NE2000: removing a packet ends the reset state of an overflow") {
    IsaBench bench;
    bench.guest.start();
    for (int i = 0; i < 9; ++i) bench.card.receive(frame_to_card(1514));
    CHECK((bench.guest.in(0x07) & 0x80) != 0);
    CHECK(bench.guest.receive());
    CHECK((bench.guest.in(0x07) & 0x80) == 0);
}

// A driver that starts with BNRY = CURR has an empty ring; CURR never comes back to BNRY.
TEST_CASE("NE2000: an empty ring and a full one can be told apart") {
    IsaBench bench;
    bench.guest.start();
    bench.guest.out(0x03, Ne2000Guest::kRingStart);
    unsigned stored = 0;
    for (; stored < 60; ++stored) {
        bench.card.receive(frame_to_card(200));
        if ((bench.guest.in(0x07) & 0x10) != 0) break;
    }
    CHECK(stored == 51);
    CHECK(bench.guest.current() == Ne2000Guest::kRingStop - 1);
}

TEST_CASE("NE2000: rings that make no sense hold nothing and break nothing") {
    IsaBench bench;
    bench.guest.start();
    for (const auto& [start, stop] : {std::pair{0x80, 0x40}, {0x50, 0x50}, {0xff, 0x00}}) {
        bench.guest.out(0x01, start);
        bench.guest.out(0x02, stop);
        bench.card.receive(frame_to_card(1514));
        CHECK((bench.guest.in(0x07) & 0x11) == 0x10);
        bench.guest.out(0x07, 0xff);
    }
    // CURR and BNRY anywhere: within memory or not, frames are stored or dropped.
    bench.guest.out(0x01, 0x10);
    bench.guest.out(0x02, 0xf0);
    for (unsigned current = 0; current < 0x100; current += 5) {
        for (unsigned boundary = 0; boundary < 0x100; boundary += 7) {
            bench.guest.out(0x03, boundary);
            bench.guest.set_current(static_cast<u8>(current));
            bench.card.receive(frame_to_card(1514));
        }
    }
    const Frame prom = bench.guest.read_memory(0, 2, 2);
    CHECK(prom == Frame{0x52, 0x52});
}

TEST_CASE("NE2000: physical addresses, broadcasts and promiscuity") {
    struct Case {
        u8 config;
        bool mine, other, broadcast;
    };
    for (const Case& it : {Case{0x00, true, false, false}, Case{0x04, true, false, true},
                           Case{0x10, true, true, false}, Case{0x14, true, true, true}}) {
        IsaBench bench;
        bench.guest.start(it.config);
        bench.card.receive(frame_to_card(60));
        CHECK(bench.guest.receive().has_value() == it.mine);
        bench.card.receive(frame_to({0x52, 0x54, 0x00, 0x12, 0x34, 0x57}, 60));
        CHECK(bench.guest.receive().has_value() == it.other);
        bench.card.receive(frame_to(kEverybody, 60));
        const std::optional<Received> received = bench.guest.receive();
        CHECK(received.has_value() == it.broadcast);
        if (received) CHECK(received->status == 0x21);  // PHY: it was not for me alone
    }
}

TEST_CASE("NE2000: multicast goes by the hash of the address") {
    IsaBench bench;
    bench.guest.start(0x0c);
    for (unsigned last = 0; last < 40; ++last) {
        const Frame group = {0x01, 0x00, 0x5e, 0x00, 0x01, static_cast<u8>(last)};
        const unsigned hash = ether_crc(group) >> 26;
        for (const bool wanted : {false, true}) {
            bench.guest.out(0x00, 0x62);
            for (unsigned i = 0; i < 8; ++i) {
                const u8 only = hash / 8 == i ? static_cast<u8>(1 << hash % 8) : u8{0};
                bench.guest.out(0x08 + i, wanted ? only : static_cast<u8>(~only));
            }
            bench.guest.out(0x00, 0x22);
            bench.card.receive(frame_to(group, 60));
            CHECK(bench.guest.receive().has_value() == wanted);
        }
    }
    bench.guest.out(0x0c, 0x04);  // AM off
    bench.guest.out(0x00, 0x62);
    for (unsigned i = 0; i < 8; ++i) bench.guest.out(0x08 + i, 0xff);
    bench.guest.out(0x00, 0x22);
    bench.card.receive(frame_to({0x01, 0x00, 0x5e, 0x00, 0x01, 0x01}, 60));
    CHECK_FALSE(bench.guest.receive());
    // A known value: 224.0.0.1's address hashes to 31 (Linux' ether_crc(...) >> 26).
    CHECK(ether_crc(Frame{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}) >> 26 == 31);
}

TEST_CASE("NE2000: monitor mode counts and stores nothing; the tally stops at c0") {
    IsaBench bench;
    bench.guest.start(0x24);
    CHECK((bench.guest.in(0x0c) & 0x40) != 0);  // RSR: DIS
    for (int i = 0; i < 127; ++i) bench.card.receive(frame_to_card(60));
    CHECK(bench.guest.in(0x07) == 0);
    bench.card.receive(frame_to_card(60));
    CHECK(bench.guest.in(0x07) == 0x20);  // CNT at 80h
    CHECK(bench.card.interrupt().level());
    for (int i = 0; i < 100; ++i) bench.card.receive(frame_to_card(60));
    bench.card.receive(frame_to({2, 2, 2, 2, 2, 2}, 60));  // not for me: not missed
    CHECK(bench.guest.in(0x0f) == 0xc0);
    CHECK(bench.guest.in(0x0f) == 0);
    CHECK(bench.guest.in(0x0d) == 0);
    CHECK(bench.guest.in(0x0e) == 0);
    CHECK_FALSE(bench.guest.receive());
    bench.guest.out(0x0c, 0x04);
    CHECK((bench.guest.in(0x0c) & 0x40) == 0);
}

TEST_CASE("NE2000: send packet takes the packet at BNRY and moves BNRY") {
    IsaBench bench;
    bench.guest.start();
    bench.guest.out(0x03, Ne2000Guest::kRingStart);
    bench.card.receive(frame_to_card(300));
    bench.guest.out(0x00, 0x1a);  // without DCR.AR it does nothing
    CHECK(bench.guest.in(Ne2000Guest::kDataPort, 2) == 0xffff);
    bench.guest.out(0x0e, 0x59);
    bench.guest.out(0x00, 0x1a);
    Frame bytes;
    while ((bench.guest.in(0x07) & 0x40) == 0) {
        const u64 word = bench.guest.in(Ne2000Guest::kDataPort, 2);
        bytes.push_back(static_cast<u8>(word));
        bytes.push_back(static_cast<u8>(word >> 8));
        REQUIRE(bytes.size() < 1000);
    }
    CHECK(bytes.size() == 304);
    CHECK(Frame(bytes.begin() + 4, bytes.end()) == frame_to_card(300));
    CHECK(bench.guest.boundary() == Ne2000Guest::kRingStart + 2);
}

// AN-937, Group I: the chip makes the checksum, software finds it in the FIFO.
TEST_CASE("NE2000: loopback tests that the chip makes good checksums") {
    struct Case {
        u8 mode, status;
    };
    for (const Case& it : {Case{0x02, 0x51}, Case{0x04, 0x41}, Case{0x06, 0x01}}) {
        IsaBench bench;
        Ne2000Guest& guest = bench.guest;
        guest.start();
        guest.out(0x0f, 0);
        guest.out(0x0c, 0x1f);
        guest.out(0x0e, 0x41);
        guest.out(0x0d, it.mode);
        const Frame packet = frame_to_card(60);
        Frame words;
        for (const u8 byte : packet) {
            words.push_back(0xee);
            words.push_back(byte);
        }
        guest.send(words);
        CHECK(guest.in(0x04) == it.status);
        CHECK(guest.in(0x0c) == 0x02);
        CHECK((guest.in(0x07) & 0x0f) == 0x06);
        CHECK(guest.current() == Ne2000Guest::kRingStart);
        // 64 bytes: the length, its upper half again, the last byte and the checksum.
        Frame expected = {64, 0, 0, packet.back()};
        for (const u8 byte : checksum_of(packet)) expected.push_back(byte);
        Frame fifo;
        for (int i = 0; i < 8; ++i) fifo.push_back(static_cast<u8>(guest.in(0x06)));
        CHECK(fifo == expected);
        CHECK(bench.cable.frames.size() == (it.mode == 0x06 ? 1 : 0));
    }
}

// Groups II and III: software makes the checksum; addresses that do not match are not checked.
TEST_CASE("NE2000: loopback tests checksums and address recognition") {
    IsaBench bench;
    Ne2000Guest& guest = bench.guest;
    guest.word = 0;
    guest.start(0x00);
    guest.out(0x0e, 0x40);
    const auto loop = [&guest](u8 config, const Frame& packet) {
        guest.out(0x07, 0xff);
        guest.out(0x0d, config);
        guest.send(packet);
        guest.out(0x07, 0x40);
        return guest.in(0x0c) << 8 | guest.in(0x07);
    };
    CHECK(loop(0x03, with_checksum(frame_to_card(65))) == 0x0102);
    Frame fifo;  // 8 n + 5 bytes: the last data byte comes first
    for (int i = 0; i < 8; ++i) fifo.push_back(static_cast<u8>(guest.in(0x06)));
    Frame expected = {frame_to_card(65).back()};
    for (const u8 byte : checksum_of(frame_to_card(65))) expected.push_back(byte);
    expected.insert(expected.end(), {69, 0, 0});
    CHECK(fifo == expected);
    Frame spoilt = with_checksum(frame_to_card(65));
    spoilt.back() ^= 1;
    CHECK(loop(0x03, spoilt) == 0x0206);
    CHECK(loop(0x02, frame_to_card(60)) == 0x0206);
    CHECK(loop(0x02, frame_to({2, 4, 6, 8, 10, 12}, 60)) == 0x0102);
    CHECK(loop(0x02, Frame(3)) == 0x0102);
    CHECK(bench.cable.frames.empty());
}

// Drivers select loopback without DCR's loopback bit to be deaf for a while.
TEST_CASE("NE2000: a loopback mode alone cuts the cable") {
    IsaBench bench;
    bench.guest.start();
    bench.guest.out(0x0d, 0x02);
    bench.guest.send(frame_to(kEverybody, 60));
    CHECK(bench.cable.frames.empty());
    CHECK((bench.guest.in(0x07) & 0x0f) == 0x02);
    bench.card.receive(frame_to_card(60));
    CHECK_FALSE(bench.guest.receive());
}

TEST_CASE("NE2000: any registers, frames and ports in any order are survived") {
    u64 seed = 17;
    const auto random = [&seed] {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        return static_cast<u32>(seed >> 33);
    };
    IsaBench bench;
    for (int i = 0; i < 50000; ++i) {
        const unsigned port = random() % 32;
        const Width width = 1u << random() % 3;
        const u32 value = random();
        switch (random() % 8) {
            case 0: bench.guest.in(port % 24, width); break;
            case 1: bench.card.receive(frame_to_card(14 + value % 1510)); break;
            case 2: bench.guest.out(0x00, value & 0xfe); break;
            case 3:
                if (value % 64 == 0) bench.guest.in(port, width);
                break;
            default: bench.guest.out(port, value, width); break;
        }
        if (bench.cable.frames.size() > 100) bench.cable.frames.clear();
    }
    bench.guest.in(Ne2000Guest::kResetPort);
    bench.guest.start();
    bench.card.receive(frame_to_card(60));
    CHECK(bench.guest.receive()->frame.size() == 60);
}

}  // namespace seventeen::devices
