// VirtioNet: driven as Linux does, with and without merged buffers, and as it must not (VIRTIO 1.2,
// 5.1).
#include "devices/virtio_net.h"

#include <catch2/catch.hpp>

#include "tests/devices/virtio_guest.h"

namespace seventeen::devices {

namespace {

constexpr u64 kMergeBuffers = 1u << 15;
constexpr u64 kStatus = 1u << 16;
constexpr u64 kControl = 1u << 17 | 1u << 18 | 1u << 20 | 1u << 23;
constexpr u64 kBuffers = 0x100000;  // what is received
constexpr u64 kFrames = 0xa0000;    // what is sent
constexpr u64 kCommand = 0xc0000;
constexpr u64 kAnswer = 0xd0000;

constexpr VirtioNet::MacAddress kOwn = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
constexpr VirtioNet::MacAddress kOther = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};
constexpr VirtioNet::MacAddress kGroup = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
constexpr VirtioNet::MacAddress kAll = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

std::vector<u8> frame(const VirtioNet::MacAddress& to, std::size_t size) {
    std::vector<u8> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<u8>(i * 7 + i / 256);
    std::copy(to.begin(), to.end(), bytes.begin());
    return bytes;
}

// Keeps what it gets; answers each frame at once if it has something to answer to.
struct Wire final : NetworkPort {
    void receive(std::span<const u8> bytes) override {
        frames.emplace_back(bytes.begin(), bytes.end());
        if (answers_to != nullptr) answers_to->receive(frames.back());
    }
    std::vector<std::vector<u8>> frames;
    NetworkPort* answers_to = nullptr;
};

struct Bench : VirtioBoard {
    Wire wire;
    VirtioNet card{"virtio net 0", memory, kOwn};

    Bench() {
        plug(card);
        card.connect(&wire);
    }
};

struct Session : Bench {
    VirtioDriver driver;
    VirtioDriver::Queue receive;
    VirtioDriver::Queue transmit;
    VirtioDriver::Queue control;
    std::size_t header;

    Session(VirtioAccess access, u64 features) : driver(*this, access) {
        REQUIRE(driver.begin(features | kStatus | kControl));
        receive = driver.set_up(0, 256);
        transmit = driver.set_up(1, 256);
        control = driver.set_up(2, 64);
        driver.ready();
        header = driver.modern() || driver.has(kMergeBuffers) ? 12 : 10;
    }
    // Buffers of `size` bytes for what is received.
    void offer(unsigned count, u32 size) {
        for (unsigned i = 0; i < count; ++i, ++offered)
            driver.add(receive, {{kBuffers + u64{0x1000} * offered, size, true}});
        driver.notify(receive, 0);
    }
    void send(const std::vector<u8>& bytes) {
        memory.fill(kFrames, std::vector<u8>(header));
        memory.fill(kFrames + 0x100, bytes);
        driver.add(transmit, {{kFrames, static_cast<u32>(header)},
                              {kFrames + 0x100, static_cast<u32>(bytes.size())}});
        driver.notify(transmit, 1);
    }
    // The answer to a command: 0 is yes.
    u8 command(u8 group, u8 which, const std::vector<u8>& data) {
        memory.put<u8>(kCommand, group);
        memory.put<u8>(kCommand + 1, which);
        memory.fill(kCommand + 0x10, data);
        memory.put<u8>(kAnswer, 0x55);
        driver.add(
            control,
            {{kCommand, 2}, {kCommand + 0x10, static_cast<u32>(data.size())}, {kAnswer, 1, true}});
        driver.notify(control, 2);
        CHECK(driver.used(control).written == 1);
        return memory.get<u8>(kAnswer);
    }
    bool mode(u8 which, bool on) { return command(0, which, {on}) == 0; }
    // Whether a frame to `to` gets in, for which a buffer waits.
    bool accepts(const VirtioNet::MacAddress& to) {
        card.receive(frame(to, 60));
        return driver.used(receive).head != ~0u;
    }

    unsigned offered = 0;
};

constexpr VirtioAccess kAccesses[] = {VirtioAccess::kLegacy, VirtioAccess::kModern,
                                      VirtioAccess::kWindow};

// Tables of unicast and multicast addresses.
std::vector<u8> tables(const std::vector<VirtioNet::MacAddress>& unicast,
                       const std::vector<VirtioNet::MacAddress>& multicast) {
    std::vector<u8> bytes;
    for (const auto* table : {&unicast, &multicast}) {
        for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<u8>(table->size() >> 8 * i));
        for (const VirtioNet::MacAddress& address : *table)
            bytes.insert(bytes.end(), address.begin(), address.end());
    }
    return bytes;
}

}  // namespace

TEST_CASE("virtio net: says what it is") {
    for (const VirtioAccess access : kAccesses) {
        Session session(access, 0);
        CHECK(session.configuration(0x00, 4) == 0x10001af4);
        CHECK(session.configuration(0x0a, 2) == 0x0200);
        CHECK(session.configuration(0x2e, 2) == 1);
        CHECK((session.driver.features() & 0xffffff) == 0x978020);
        CHECK(session.driver.config(0, 4) == 0x12005452);
        CHECK(session.driver.config(4, 2) == 0x5634);
        CHECK(session.driver.config(6, 2) == 1);
        CHECK(session.driver.config(8, 4) == 0);
    }
}

TEST_CASE("virtio net: sends frames, however they lie") {
    for (const VirtioAccess access : kAccesses) {
        for (const u64 features : {u64{0}, kMergeBuffers}) {
            Session session(access, features);
            session.send(frame(kOther, 60));
            session.send(frame(kOther, 1514));
            session.send(frame(kAll, 14));
            REQUIRE(session.wire.frames.size() == 3);
            CHECK(session.wire.frames[0] == frame(kOther, 60));
            CHECK(session.wire.frames[1] == frame(kOther, 1514));
            CHECK(session.wire.frames[2] == frame(kAll, 14));
            const VirtioDriver::Used used = session.driver.used(session.transmit);
            CHECK(used.head == 0);
            CHECK(used.written == 0);
            CHECK(session.interrupt);
            // Header and frame in one, and in pieces that cut through both.
            const u32 header = static_cast<u32>(session.header);
            const std::vector<u8> sent = frame(kOther, 200);
            session.memory.fill(kFrames + header, sent);
            session.driver.add(session.transmit, {{kFrames, header + 200}});
            session.driver.add(session.transmit, {{kFrames, 3},
                                                  {kFrames + 3, header},
                                                  {kFrames + 3 + header, 196},
                                                  {kFrames + 199 + header, 1}});
            session.driver.notify(session.transmit, 1);
            REQUIRE(session.wire.frames.size() == 5);
            CHECK(session.wire.frames[3] == sent);
            CHECK(session.wire.frames[4] == sent);
        }
    }
}

TEST_CASE("virtio net: frames that are none are used up and go nowhere") {
    Session session(VirtioAccess::kModern, 0);
    session.send(std::vector<u8>(13));
    session.driver.add(session.transmit, {{kFrames, 12}});
    session.driver.add(session.transmit, {{0, 12 + 14 + 65537}});
    session.driver.add(session.transmit, {{0, 0xffff'ffff}});
    session.driver.notify(session.transmit, 1);
    CHECK(session.wire.frames.empty());
    for (unsigned i = 0; i < 4; ++i) CHECK(session.driver.used(session.transmit).written == 0);
    session.driver.add(session.transmit, {{0, 12 + 14 + 65536}});
    session.driver.notify(session.transmit, 1);
    REQUIRE(session.wire.frames.size() == 1);
    CHECK(session.wire.frames[0].size() == NetworkPort::kLargestFrame);
    session.card.connect(nullptr);
    session.send(frame(kOther, 60));
    CHECK(session.wire.frames.size() == 1);
    CHECK(session.driver.status() == 0x0f);
    session.driver.add(session.transmit, {{kFrames, 11}});
    session.driver.notify(session.transmit, 1);
    CHECK(session.driver.status() == 0x4f);
}

TEST_CASE("virtio net: receives into one buffer") {
    for (const VirtioAccess access : kAccesses) {
        for (const u64 features : {u64{0}, kMergeBuffers}) {
            Session session(access, features);
            session.memory.fill(kBuffers, std::vector<u8>(0x2000, 0xee));
            session.offer(2, 1526);
            CHECK_FALSE(session.interrupt);
            session.card.receive(frame(kOwn, 1514 - 12));
            CHECK(session.interrupt);
            const VirtioDriver::Used used = session.driver.used(session.receive);
            CHECK(used.head == 0);
            CHECK(used.written == session.header + 1502);
            std::vector<u8> header(session.header);
            if (header.size() == 12) header[10] = 1;
            CHECK(session.memory.copy(kBuffers, header.size()) == header);
            CHECK(session.memory.copy(kBuffers + header.size(), 1502) == frame(kOwn, 1502));
            CHECK(session.memory.get<u8>(kBuffers + header.size() + 1502) == 0xee);
            CHECK(session.driver.used(session.receive).head == ~0u);
        }
    }
}

TEST_CASE("virtio net: a legacy driver's header and frame in descriptors of their own") {
    Session session(VirtioAccess::kLegacy, 0);
    session.driver.add(session.receive, {{kBuffers, 10, true}, {kBuffers + 0x100, 1514, true}});
    session.card.receive(frame(kOwn, 60));
    CHECK(session.driver.used(session.receive).written == 70);
    CHECK(session.memory.copy(kBuffers + 0x100, 60) == frame(kOwn, 60));
}

TEST_CASE("virtio net: spreads a frame over merged buffers, which appear at once") {
    for (const VirtioAccess access : kAccesses) {
        Session session(access, kMergeBuffers);
        session.offer(5, 100);
        session.memory.written.clear();
        session.card.receive(frame(kOwn, 300));
        // Three entries, then the index: nothing else goes to the used ring before it.
        std::vector<u64> ring;
        for (const u64 address : session.memory.written)
            if (address >= session.receive.used && address < session.receive.used + 0x900)
                ring.push_back(address - session.receive.used);
        CHECK(ring == std::vector<u64>{4, 12, 20, 28, 2});
        CHECK(session.memory.get<u16>(kBuffers + 10) == 4);
        std::vector<u8> got;
        for (unsigned i = 0; i < 4; ++i) {
            const VirtioDriver::Used used = session.driver.used(session.receive);
            CHECK(used.head == i);
            CHECK(used.written == (i < 3 ? 100 : 12));
            const std::vector<u8> part = session.memory.copy(kBuffers + 0x1000 * i, used.written);
            got.insert(got.end(), part.begin(), part.end());
        }
        CHECK(std::vector<u8>(got.begin() + 12, got.end()) == frame(kOwn, 300));
        CHECK(session.driver.used(session.receive).head == ~0u);
        // One buffer is left: not enough, so it stays, and holds a smaller frame.
        session.card.receive(frame(kOwn, 300));
        CHECK(session.driver.used(session.receive).head == ~0u);
        session.card.receive(frame(kOwn, 88));
        CHECK(session.driver.used(session.receive).head == 4);
    }
}

TEST_CASE("virtio net: drops what no buffer waits for") {
    for (const u64 features : {u64{0}, kMergeBuffers}) {
        Session session(VirtioAccess::kModern, features);
        for (unsigned i = 0; i < 1000; ++i) session.card.receive(frame(kOwn, 1514));
        session.offer(1, 100);
        session.card.receive(frame(kOwn, 1514));
        session.card.receive(frame(kOwn, 13));
        session.card.receive(std::vector<u8>(NetworkPort::kLargestFrame + 1));
        CHECK(session.driver.used(session.receive).head == ~0u);
        CHECK_FALSE(session.interrupt);
        CHECK(session.driver.status() == 0x0f);
        session.card.receive(frame(kOwn, 60));
        CHECK(session.driver.used(session.receive).written == 72);
    }
}

TEST_CASE("virtio net: receives nothing before the driver is ready") {
    for (const VirtioAccess access : kAccesses) {
        Bench bench;
        bench.card.receive(frame(kOwn, 60));
        VirtioDriver driver(bench, access);
        REQUIRE(driver.begin(0));
        VirtioDriver::Queue queue = driver.set_up(0, 256);
        driver.add(queue, {{kBuffers, 1526, true}});
        driver.notify(queue, 0);
        bench.card.receive(frame(kOwn, 60));
        CHECK(driver.used(queue).head == ~0u);
        driver.ready();
        bench.card.receive(frame(kOwn, 60));
        CHECK(driver.used(queue).head == 0);
    }
}

TEST_CASE("virtio net: buffers that hold no header need a reset") {
    for (const u64 features : {u64{0}, kMergeBuffers}) {
        Session session(VirtioAccess::kModern, features);
        session.offer(3, 11);
        session.card.receive(frame(kOwn, 60));
        CHECK(session.driver.status() == 0x4f);
        CHECK(session.driver.used(session.receive).head == ~0u);
        session.card.receive(frame(kOwn, 60));
    }
    Session readable(VirtioAccess::kModern, 0);
    readable.driver.add(readable.receive, {{kBuffers, 1526}});
    readable.card.receive(frame(kOwn, 60));
    CHECK(readable.driver.status() == 0x4f);
}

TEST_CASE("virtio net: an answer may come while a frame is sent") {
    Session session(VirtioAccess::kModern, kMergeBuffers);
    session.wire.answers_to = &session.card;
    session.offer(2, 1526);
    session.send(frame(kOwn, 60));
    CHECK(session.driver.used(session.transmit).head == 0);
    CHECK(session.driver.used(session.receive).written == 72);
    CHECK(session.memory.copy(kBuffers + 12, 60) == frame(kOwn, 60));
}

TEST_CASE("virtio net: a card that receives into its own registers ignores itself") {
    Session session(VirtioAccess::kModern, 0);
    session.wire.answers_to = &session.card;
    // A buffer over the card's own notification of the transmit queue.
    session.driver.add(session.transmit, {{kFrames, 72}});
    session.driver.add(session.receive, {{kBuffers, 12, true},
                                         {VirtioBoard::kMemory + 0x3004, 2, true},
                                         {kBuffers + 0x100, 100, true}});
    session.card.receive(frame(kOwn, 60));
    CHECK(session.wire.frames.empty());
    CHECK(session.driver.used(session.receive).written == 72);
}

TEST_CASE("virtio net: filters as the driver says") {
    Session session(VirtioAccess::kModern, 0);
    session.offer(200, 1526);
    CHECK(session.accepts(kOther));  // promiscuous after a reset
    CHECK(session.mode(0, false));
    CHECK(session.accepts(kOwn));
    CHECK(session.accepts(kAll));
    CHECK_FALSE(session.accepts(kOther));
    CHECK_FALSE(session.accepts(kGroup));
    CHECK(session.mode(1, true));
    CHECK(session.accepts(kGroup));
    CHECK_FALSE(session.accepts(kOther));
    CHECK(session.mode(3, true));
    CHECK_FALSE(session.accepts(kGroup));
    CHECK(session.mode(3, false));
    CHECK(session.mode(1, false));
    CHECK(session.mode(2, true));
    CHECK(session.accepts(kOther));
    CHECK(session.mode(4, true));
    CHECK_FALSE(session.accepts(kOwn));
    CHECK(session.mode(4, false));
    CHECK(session.mode(2, false));
    CHECK(session.mode(5, true));
    CHECK_FALSE(session.accepts(kAll));
    CHECK(session.mode(5, false));
    CHECK(session.command(1, 0, tables({kOther}, {kGroup})) == 0);
    CHECK(session.accepts(kOther));
    CHECK(session.accepts(kGroup));
    CHECK_FALSE(session.accepts({0x52, 0, 0, 0, 0, 0}));
    CHECK(session.command(1, 0, tables({}, {})) == 0);
    CHECK_FALSE(session.accepts(kOther));
    CHECK(session.command(1, 1, {kOther.begin(), kOther.end()}) == 0);
    CHECK(session.driver.config(0, 4) == 0xaa005452);
    CHECK(session.accepts(kOther));
    CHECK_FALSE(session.accepts(kOwn));
    CHECK(session.mode(0, true));
    CHECK(session.accepts(kOwn));
}

TEST_CASE("virtio net: tables too large, and commands that are none") {
    Session session(VirtioAccess::kModern, 0);
    session.offer(20, 1526);
    CHECK(session.mode(0, false));
    const std::vector<VirtioNet::MacAddress> full(64, kOther);
    const std::vector<VirtioNet::MacAddress> many(65, kOwn);
    CHECK(session.command(1, 0, tables(full, {})) == 0);
    CHECK(session.accepts(kOther));
    CHECK(session.command(1, 0, tables({}, many)) == 0);
    CHECK(session.accepts(kGroup));  // more than fit: all
    std::vector<u8> cut = tables({kOther, kOther}, {kGroup});
    cut.pop_back();
    CHECK(session.command(1, 0, cut) == 1);
    CHECK(session.command(1, 0, {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}) == 1);
    CHECK(session.command(1, 0, {0, 0, 0}) == 1);
    CHECK(session.accepts(kGroup));  // and nothing has changed
    CHECK(session.command(0, 0, {}) == 1);
    CHECK(session.command(0, 6, {1}) == 1);
    CHECK(session.command(1, 1, {1, 2, 3, 4, 5}) == 1);
    CHECK(session.command(1, 1, {1, 2, 3, 4, 5, 6, 7}) == 1);
    CHECK(session.command(1, 2, {1}) == 1);
    CHECK(session.command(2, 0, {1, 0}) == 1);
    CHECK(session.command(4, 0, {1, 0}) == 1);
    CHECK(session.command(0xff, 0xff, {1, 0}) == 1);
    CHECK(session.driver.status() == 0x0f);
    SECTION("no answer's room") {
        session.driver.add(session.control, {{kCommand, 3}});
    }
    SECTION("no command") {
        session.driver.add(session.control, {{kCommand, 1}, {kAnswer, 1, true}});
    }
    session.driver.notify(session.control, 2);
    CHECK(session.driver.status() == 0x4f);
}

TEST_CASE("virtio net: the address of a legacy driver's choice, until the reset") {
    Session session(VirtioAccess::kLegacy, 0);
    session.driver.set_config(0, 0x44332211, 4);
    session.driver.set_config(4, 0x6655, 2);
    session.driver.set_config(6, 0xffff, 2);
    CHECK(session.driver.config(2, 4) == 0x66554433);
    CHECK(session.driver.config(6, 2) == 1);
    session.driver.set_status(0);
    CHECK(session.driver.config(0, 4) == 0x12005452);
    Session modern(VirtioAccess::kModern, 0);
    modern.driver.set_config(0, 0x44332211, 4);
    CHECK(modern.driver.config(0, 4) == 0x12005452);
}

TEST_CASE("virtio net: the cable") {
    Session session(VirtioAccess::kModern, 0);
    const u32 generation = session.driver.read(0, 21, 1);
    session.card.connect(nullptr);
    CHECK(session.interrupt);
    CHECK(session.driver.interrupt_status() == 2);
    CHECK(session.driver.config(6, 2) == 0);
    CHECK(session.driver.read(0, 21, 1) != generation);
    session.card.connect(&session.wire);
    CHECK(session.driver.config(6, 2) == 1);
    CHECK(session.driver.interrupt_status() == 2);
    Wire other;
    session.card.connect(&other);
    CHECK_FALSE(session.interrupt);
}

TEST_CASE("virtio net: restores with its filters") {
    Session session(VirtioAccess::kModern, kMergeBuffers);
    session.offer(3, 1526);
    session.mode(0, false);
    session.command(1, 0, tables({kOther}, {kGroup}));
    session.card.receive(frame(kGroup, 60));
    const std::vector<u8> image = session.saved();
    Session other(VirtioAccess::kModern, 0);
    other.memory.bytes = session.memory.bytes;
    other.restore(image);
    CHECK(other.saved() == image);
    other.receive = session.receive;
    CHECK(other.driver.used(other.receive).head == 0);
    other.card.receive(frame({2, 0, 0, 0, 0, 0}, 60));
    CHECK(other.driver.used(other.receive).head == ~0u);
    other.card.receive(frame(kOther, 100));
    CHECK(other.driver.used(other.receive).written == 112);
    // The last byte but six is the number of multicast addresses.
    Reader reader(image, "test");
    reader.begin("virtio net 0", 1, 1);
    std::vector<u8> payload(256 + 1 + 8 + 8 + 2 + 3 + 2 + 3 * 37 + 6 + 2 + 2 * (3 + 1 + 6));
    reader.bytes(payload.data(), payload.size());
    reader.end();
    payload[payload.size() - 7] = 65;
    Writer writer;
    writer.begin("virtio net 0", 1);
    writer.bytes(payload.data(), payload.size());
    writer.end();
    CHECK_THROWS_WITH(other.restore(std::move(writer).finish()), Catch::Contains("more addresses"));
}

}  // namespace seventeen::devices
