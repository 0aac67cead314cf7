// VirtioQueue: chains, rings and notification as VIRTIO 1.2, 2.7 has them, and drivers that break
// its rules.
#include "devices/virtio_queue.h"

#include <catch2/catch.hpp>

#include "tests/devices/virtio_guest.h"

namespace seventeen::devices {

namespace {

constexpr u16 kNext = 1;
constexpr u16 kWrite = 2;
constexpr u16 kTable = 4;

struct Bench {
    static constexpr u64 kDescriptors = 0x1000;
    static constexpr u64 kAvailable = 0x2000;
    static constexpr u64 kUsed = 0x3000;

    VirtioMemory memory;
    VirtioQueue queue{memory, 8};
    u16 added = 0;

    Bench() {
        queue.set_rings({kDescriptors, kAvailable, kUsed});
        queue.enable();
    }
    struct Entry {
        u64 address;
        u32 size;
        u16 flags = 0;
        u16 next = 0;
    };
    void descriptor(unsigned index, const Entry& entry, u64 table = kDescriptors) {
        memory.put<u64>(table + 16 * index, entry.address);
        memory.put<u32>(table + 16 * index + 8, entry.size);
        memory.put<u16>(table + 16 * index + 12, entry.flags);
        memory.put<u16>(table + 16 * index + 14, entry.next);
    }
    void offer(u16 head) {
        memory.put<u16>(kAvailable + 4 + 2u * (added % queue.size()), head);
        memory.put<u16>(kAvailable + 2, ++added);
    }
    u16 used_index() const { return memory.get<u16>(kUsed + 2); }
    // Offers `head` and takes it.
    bool take(u16 head, VirtioChain& chain) {
        offer(head);
        return queue.available() != 0 && queue.take(chain);
    }
    bool breaks(u16 head) {
        VirtioChain chain;
        const bool taken = take(head, chain);
        return !taken && queue.broken() && queue.available() == 0;
    }
    // Takes and uses what is available.
    void use_all() {
        for (u16 count = queue.available(); count != 0; --count) {
            VirtioChain chain;
            REQUIRE(queue.take(chain));
            queue.put_used(chain, 0);
            queue.publish();
        }
    }
    std::vector<u8> read(VirtioBytes& bytes, std::size_t size) {
        std::vector<u8> data(size);
        data.resize(bytes.read(memory, data));
        return data;
    }
};

}  // namespace

TEST_CASE("virtqueue: a chain's parts are read and written in order") {
    Bench bench;
    for (unsigned i = 0; i < 64; ++i) bench.memory.put<u8>(0x8000 + i, static_cast<u8>(i));
    bench.descriptor(2, {0x8000, 3, kNext, 5});
    bench.descriptor(5, {0x8010, 2, kNext, 1});
    bench.descriptor(1, {0x9000, 4, kNext | kWrite, 7});
    bench.descriptor(7, {0x9100, 3, kWrite, 0});
    VirtioChain chain;
    REQUIRE(bench.take(2, chain));
    CHECK(chain.head == 2);
    CHECK(chain.readable.left() == 5);
    CHECK(chain.writable.left() == 7);
    CHECK(bench.read(chain.readable, 4) == std::vector<u8>{0, 1, 2, 16});
    CHECK(bench.read(chain.readable, 4) == std::vector<u8>{17});
    CHECK(chain.readable.left() == 0);
    CHECK(chain.writable.take_last() == 0x9102);
    const std::vector<u8> data = {1, 2, 3, 4, 5, 6, 7};
    CHECK(chain.writable.write(bench.memory, data) == 6);
    CHECK(bench.memory.get<u32>(0x9000) == 0x04030201);
    CHECK(bench.memory.get<u32>(0x9100) == 0x00000605);
}

TEST_CASE("virtqueue: indirect tables, alone and after direct descriptors") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16}, 0x6000);
    bench.descriptor(0, {0x8000, 16, kNext, 2}, 0x7000);
    bench.descriptor(2, {0x8100, 32, kWrite}, 0x7000);
    // The flag for writing says nothing about a table (2.7.5.3.2).
    bench.descriptor(0, {0x7000, 48, kTable | kWrite});
    VirtioChain chain;
    REQUIRE(bench.take(0, chain));
    CHECK(chain.readable.left() == 16);
    CHECK(chain.writable.left() == 32);
    bench.descriptor(3, {0x8200, 1, kNext, 4});
    bench.descriptor(4, {0x7000, 48, kTable});
    REQUIRE(bench.take(3, chain));
    CHECK(chain.head == 3);
    CHECK(chain.readable.left() == 17);
    CHECK(chain.writable.left() == 32);
}

TEST_CASE("virtqueue: what a driver must not do breaks it") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16, kNext, 1});
    SECTION("a head that is no descriptor") {
        CHECK(bench.breaks(8));
    }
    SECTION("a next that is no descriptor") {
        bench.descriptor(1, {0x8000, 16, kNext, 8});
        CHECK(bench.breaks(0));
    }
    SECTION("a loop") {
        bench.descriptor(1, {0x8000, 16, kNext, 0});
        CHECK(bench.breaks(0));
    }
    SECTION("a loop of nothing") {
        bench.descriptor(1, {0x8000, 0, kNext, 1});
        CHECK(bench.breaks(0));
    }
    SECTION("readable after writable") {
        bench.descriptor(0, {0x8000, 16, kNext | kWrite, 1});
        bench.descriptor(1, {0x8000, 16});
        CHECK(bench.breaks(0));
    }
    SECTION("a buffer past the end of addresses") {
        bench.descriptor(1, {~u64{0} - 14, 16});
        CHECK(bench.breaks(0));
    }
    SECTION("more than 4 GiB") {
        bench.descriptor(1, {0, 0xffff'ffff});
        CHECK(bench.breaks(0));
    }
    SECTION("more available than the queue holds") {
        bench.memory.put<u16>(Bench::kAvailable + 2, 9);
        CHECK(bench.queue.available() == 0);
        CHECK(bench.queue.broken());
    }
    SECTION("rings past the end of addresses") {
        VirtioQueue other(bench.memory, 8);
        other.set_rings({Bench::kDescriptors, Bench::kAvailable, ~u64{0} - 8});
        other.enable();
        CHECK(other.broken());
        CHECK(other.available() == 0);
    }
    bench.queue.reset();
    CHECK_FALSE(bench.queue.broken());
    CHECK_FALSE(bench.queue.enabled());
}

TEST_CASE("virtqueue: tables that a driver must not make break it") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16, kNext, 1});
    SECTION("a table that is no number of descriptors") {
        bench.descriptor(1, {0x7000, 24, kTable});
        CHECK(bench.breaks(0));
    }
    SECTION("an empty table") {
        bench.descriptor(1, {0x7000, 0, kTable});
        CHECK(bench.breaks(0));
    }
    SECTION("a table past the end of addresses") {
        bench.descriptor(1, {~u64{0} - 8, 32, kTable});
        CHECK(bench.breaks(0));
    }
    SECTION("a table in a table") {
        bench.descriptor(1, {0x7000, 16, kTable});
        bench.descriptor(0, {0x6000, 16, kTable}, 0x7000);
        bench.descriptor(0, {0x8000, 16}, 0x6000);
        CHECK(bench.breaks(0));
    }
    SECTION("a next beyond its table") {
        bench.descriptor(1, {0x7000, 16, kTable});
        bench.descriptor(0, {0x8000, 16, kNext, 1}, 0x7000);
        CHECK(bench.breaks(0));
    }
    SECTION("a loop in a table larger than memory") {
        bench.descriptor(1, {0x7000, 0xffff'fff0, kTable});
        bench.descriptor(0, {0x8000, 1, kNext, 0}, 0x7000);
        CHECK(bench.breaks(0));
    }
}

TEST_CASE("virtqueue: exactly 4 GiB and exactly the longest chain are allowed") {
    Bench bench;
    bench.descriptor(0, {0, 0xffff'ffff, kNext, 1});
    bench.descriptor(1, {0, 1});
    VirtioChain chain;
    REQUIRE(bench.take(0, chain));
    CHECK(chain.readable.left() == VirtioQueue::kLargestChain);
    const u32 longest = VirtioQueue::kLongestChain - 1;  // beside the table's own descriptor
    for (u16 i = 0; i < longest; ++i) {
        const u16 flags = i + 1u < longest ? kNext : 0;
        bench.descriptor(i, {0x8000, 1, flags, static_cast<u16>(i + 1)}, 0x20000);
    }
    bench.descriptor(2, {0x20000, 16 * longest, kTable});
    REQUIRE(bench.take(2, chain));
    CHECK(chain.readable.left() == longest);
}

TEST_CASE("virtqueue: used entries come before the index, through wraps of both") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16, kWrite});
    for (unsigned i = 0; i < 65536 + 20; ++i) {
        VirtioChain chain;
        REQUIRE(bench.take(0, chain));
        bench.memory.written.clear();
        bench.queue.put_used(chain, i);
        REQUIRE(bench.used_index() == static_cast<u16>(i));
        bench.queue.publish();
        REQUIRE(bench.used_index() == static_cast<u16>(i + 1));
        const u64 entry = Bench::kUsed + 4 + 8 * (i % 8);
        REQUIRE(bench.memory.written == std::vector<u64>{entry, Bench::kUsed + 2});
        REQUIRE(bench.memory.get<u32>(entry) == 0);
        REQUIRE(bench.memory.get<u32>(entry + 4) == i);
    }
}

TEST_CASE("virtqueue: chains that are given back come again") {
    Bench bench;
    for (u16 i = 0; i < 3; ++i) {
        bench.descriptor(i, {0x8000, 16u + i, kWrite});
        bench.offer(i);
    }
    VirtioChain chain;
    CHECK(bench.queue.available() == 3);
    REQUIRE(bench.queue.take(chain));
    REQUIRE(bench.queue.take(chain));
    CHECK(bench.queue.available() == 1);
    bench.queue.give_back(2);
    CHECK(bench.queue.available() == 3);
    REQUIRE(bench.queue.take(chain));
    CHECK(chain.head == 0);
}

TEST_CASE("virtqueue: the flag keeps interrupts back") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16, kWrite});
    CHECK_FALSE(bench.queue.wants_interrupt());
    bench.offer(0);
    bench.use_all();
    CHECK(bench.queue.wants_interrupt());
    CHECK_FALSE(bench.queue.wants_interrupt());
    bench.memory.put<u16>(Bench::kAvailable, 1);
    bench.offer(0);
    bench.use_all();
    CHECK_FALSE(bench.queue.wants_interrupt());
}

TEST_CASE("virtqueue: events say when to interrupt and to notify") {
    Bench bench;
    const u64 used_event = Bench::kAvailable + 4 + 2 * 8;
    const u64 avail_event = Bench::kUsed + 4 + 8 * 8;
    bench.queue.use_events(true);
    bench.descriptor(0, {0x8000, 16, kWrite});
    bench.memory.put<u16>(Bench::kAvailable, 1);  // ignored now (2.7.7.2)
    bench.memory.put<u16>(used_event, 2);
    unsigned interrupts = 0;
    unsigned at = 0;
    for (unsigned i = 1; i <= 10; ++i) {
        bench.offer(0);
        bench.use_all();
        if (!bench.queue.wants_interrupt()) continue;
        ++interrupts;
        at = i;
    }
    CHECK(interrupts == 1);
    CHECK(at == 3);
    // A batch that passes the event.
    bench.memory.put<u16>(used_event, 12);
    for (unsigned i = 0; i < 8; ++i) bench.offer(0);
    bench.use_all();
    CHECK(bench.queue.wants_interrupt());
    bench.queue.ask_for_notification();
    CHECK(bench.memory.get<u16>(avail_event) == 18);
}

TEST_CASE("virtqueue: sizes are powers of two up to the largest") {
    Bench bench;
    VirtioQueue queue(bench.memory, 128);
    CHECK(queue.size() == 128);
    for (const u16 size : {0, 3, 129, 256, 0x8000}) {
        queue.set_size(size);
        CHECK(queue.size() == 128);
    }
    queue.set_size(64);
    CHECK(queue.size() == 64);
    queue.enable();
    queue.set_size(32);
    CHECK(queue.size() == 64);
    queue.reset();
    CHECK(queue.size() == 128);
}

TEST_CASE("virtqueue: restores, and refuses what cannot be") {
    Bench bench;
    bench.descriptor(0, {0x8000, 16, kWrite});
    bench.offer(0);
    bench.use_all();
    bench.offer(0);
    const auto image = [](auto&& change) {
        Writer writer;
        writer.begin("queue", 1);
        change(writer);
        writer.end();
        return std::move(writer).finish();
    };
    const auto restore = [&](VirtioQueue& queue, const std::vector<u8>& from) {
        Reader reader(from, "test");
        reader.begin("queue", 1, 1);
        queue.restore(reader);
        reader.end();
    };
    VirtioQueue other(bench.memory, 8);
    restore(other, image([&](Writer& writer) { bench.queue.save(writer); }));
    CHECK(other.available() == 1);
    VirtioChain chain;
    REQUIRE(other.take(chain));
    other.put_used(chain, 0);
    other.publish();
    CHECK(bench.used_index() == 2);
    for (const u16 size : {u16{0}, u16{3}, u16{16}}) {
        const std::vector<u8> bad = image([&](Writer& writer) {
            writer.put(size);
            for (unsigned i = 0; i < 3; ++i) writer.put(u64{0x1000});
            for (unsigned i = 0; i < 3; ++i) writer.put(false);
            for (unsigned i = 0; i < 4; ++i) writer.put(u16{0});
        });
        CHECK_THROWS_WITH(restore(other, bad), Catch::Contains("impossible size"));
    }
}

}  // namespace seventeen::devices
