// VirtioPci: negotiation, queues, interrupts and faults, with a device that writes back what it
// reads (VIRTIO 1.2, 2, 3 and 4.1).
#include "devices/virtio_pci.h"

#include <catch2/catch.hpp>

#include "tests/devices/virtio_copier.h"

namespace seventeen::devices {

TEST_CASE("virtio PCI: requests through each interface") {
    for (const VirtioAccess access : kVirtioAccesses) {
        CopierSession session(access);
        for (unsigned i = 0; i < 200; ++i) {
            session.memory.put<u64>(kCopierData, 0x1122'3344'5566'7788u + i);
            const u16 head = session.queue.free;
            session.request(8);
            CHECK(session.memory.get<u64>(kCopierData + 0x1000) == 0x1122'3344'5566'7788u + i);
            const VirtioDriver::Used used = session.driver.used(session.queue);
            CHECK(used.head == head);
            CHECK(used.written == 8);
            CHECK(session.interrupt);
            CHECK(session.driver.interrupt_status() == 1);
            CHECK_FALSE(session.interrupt);
            CHECK(session.driver.interrupt_status() == 0);
        }
    }
}

TEST_CASE("virtio PCI: the features of either interface") {
    CopierBoard bench;
    VirtioDriver legacy(bench, VirtioAccess::kLegacy);
    VirtioDriver modern(bench, VirtioAccess::kModern);
    CHECK(legacy.features() == (kCopierFeature | 7u << 27));
    CHECK(modern.features() == (kCopierFeature | 3u << 28 | u64{1} << 32));
    modern.write(0, 0, 2, 4);
    CHECK(modern.read(0, 4, 4) == 0);
    legacy.accept(0xffffffff);
    CHECK(legacy.in(4, 4) == (kCopierFeature | 7u << 27));
}

TEST_CASE("virtio PCI: FEATURES_OK is refused without VERSION_1, or with what was not offered") {
    CopierBoard bench;
    VirtioDriver driver(bench, VirtioAccess::kModern);
    const auto accepted = [&](u64 features) {
        driver.set_status(0);
        driver.set_status(3);
        driver.accept(features);
        driver.set_status(0x0b);
        return driver.status() == 0x0b;
    };
    CHECK_FALSE(accepted(kCopierFeature));
    CHECK_FALSE(accepted(VirtioDriver::kVersion1 | 1));
    CHECK_FALSE(accepted(VirtioDriver::kVersion1 | 1u << 27));
    CHECK_FALSE(accepted(VirtioDriver::kVersion1 << 1 | VirtioDriver::kVersion1));
    CHECK(accepted(VirtioDriver::kVersion1));
    CHECK(accepted(VirtioDriver::kVersion1 | kCopierFeature));
    // They are settled.
    driver.accept(VirtioDriver::kVersion1);
    driver.write(0, 8, 0, 4);
    CHECK(driver.read(0, 12, 4) == kCopierFeature);
}

TEST_CASE("virtio PCI: a modern driver's queue waits for FEATURES_OK and DRIVER_OK") {
    CopierBoard bench;
    VirtioDriver driver(bench, VirtioAccess::kModern);
    driver.set_status(3);
    VirtioDriver::Queue queue = driver.set_up(0);
    CHECK(driver.read(0, 28, 2) == 0);
    REQUIRE(driver.begin(0));
    queue = driver.set_up(0);
    CHECK(driver.read(0, 28, 2) == 1);
    driver.add(queue, {{kCopierData, 8}, {kCopierData + 0x1000, 8, true}});
    driver.notify(queue, 0);
    CHECK(bench.copier.served == 0);
    CHECK(driver.used(queue).head == ~0u);
    driver.ready();
    CHECK(bench.copier.served == 1);
    CHECK(driver.used(queue).head == 0);
}

TEST_CASE("virtio PCI: a legacy driver's queue does not") {
    CopierBoard bench;
    VirtioDriver driver(bench, VirtioAccess::kLegacy);
    driver.begin(0);
    VirtioDriver::Queue queue = driver.set_up(0);
    driver.add(queue, {{kCopierData, 8}, {kCopierData + 0x1000, 8, true}});
    driver.notify(queue, 0);
    CHECK(bench.copier.served == 1);
}

TEST_CASE("virtio PCI: the common configuration of each queue") {
    CopierBoard bench;
    VirtioDriver driver(bench, VirtioAccess::kModern);
    REQUIRE(driver.begin(0));
    CHECK(driver.read(0, 18, 2) == 2);
    CHECK(driver.read(0, 16, 2) == 0xffff);
    driver.write(0, 16, 0, 2);
    CHECK(driver.read(0, 16, 2) == 0xffff);  // there is no vector to map (4.1.5.1.2.1)
    for (unsigned i = 0; i < 2; ++i) {
        driver.write(0, 22, i, 2);
        CHECK(driver.read(0, 24, 2) == 64);
        CHECK(driver.read(0, 26, 2) == 0xffff);
        CHECK(driver.read(0, 28, 2) == 0);
        CHECK(driver.read(0, 30, 2) == i);
        for (unsigned at = 32; at < 56; at += 4) driver.write(0, at, 0x1000 * at + i, 4);
    }
    for (unsigned i = 0; i < 2; ++i) {
        driver.write(0, 22, i, 2);
        for (unsigned at = 32; at < 56; at += 4) CHECK(driver.read(0, at, 4) == 0x1000 * at + i);
    }
    driver.write(0, 24, 48, 2);
    CHECK(driver.read(0, 24, 2) == 64);
    driver.write(0, 22, 2, 2);
    CHECK(driver.read(0, 22, 2) == 2);
    CHECK(driver.read(0, 24, 2) == 0);
    driver.write(0, 28, 1, 2);
    CHECK(driver.read(0, 28, 2) == 0);
    driver.write(0x3000, 8, 2, 2);
    CHECK(driver.in(12, 2) == 0);
}

TEST_CASE("virtio PCI: an enabled queue stays as it is until the reset") {
    CopierSession session(VirtioAccess::kModern);
    session.driver.write(0, 24, 16, 2);
    session.driver.write(0, 32, 0, 4);
    CHECK(session.driver.read(0, 24, 2) == 64);
    CHECK(session.driver.read(0, 32, 4) == session.queue.descriptors);
    session.driver.set_status(0);
    CHECK(session.driver.status() == 0);
    CHECK(session.driver.read(0, 28, 2) == 0);
    CHECK(session.driver.read(0, 32, 4) == 0);
    CHECK(session.copier.resets >= 1);
    session.driver.notify(session.queue, 0);
    CHECK(session.copier.served == 0);
}

TEST_CASE("virtio PCI: a legacy queue's page says where it is, 0 stops it") {
    CopierSession session(VirtioAccess::kLegacy);
    CHECK(session.driver.in(8, 4) == session.queue.descriptors >> 12);
    session.driver.out(8, 0, 4);
    CHECK(session.driver.in(8, 4) == 0);
    session.request();
    CHECK(session.copier.served == 0);
    CHECK(session.driver.status() == 7);
}

TEST_CASE("virtio PCI: device configuration in any width, and its generation") {
    CopierSession session(VirtioAccess::kModern);
    VirtioDriver& driver = session.driver;
    CHECK(driver.config(0, 4) == 0x04030201);
    CHECK(driver.config(3, 1) == 4);
    CHECK(driver.config(2, 4) == 0x06050403);
    CHECK(driver.config(6, 4) == 0x0807);
    driver.set_config(1, 0xbbaa, 2);
    CHECK(driver.in(20, 4) == 0x04bbaa01);
    driver.out(23, 0xcc, 1);
    CHECK(driver.config(0, 4) == 0xccbbaa01);
    const u32 generation = driver.read(0, 21, 1);
    CHECK(driver.read(0, 21, 1) == generation);
    session.copier.config_changed();
    CHECK(session.interrupt);
    CHECK(driver.interrupt_status() == 2);
    driver.config(0, 1);
    CHECK(driver.read(0, 21, 1) != generation);
}

TEST_CASE("virtio PCI: no news of the configuration before DRIVER_OK") {
    CopierBoard bench;
    VirtioDriver driver(bench, VirtioAccess::kModern);
    driver.begin(0);
    bench.copier.config_changed();
    CHECK_FALSE(bench.interrupt);
}

TEST_CASE("virtio PCI: a driver may hold interrupts back, by flag and by event") {
    CopierSession plain(VirtioAccess::kModern);
    plain.memory.put<u16>(plain.queue.available, 1);
    plain.request();
    CHECK(plain.driver.used(plain.queue).head == 0);
    CHECK_FALSE(plain.interrupt);
    for (const VirtioAccess access : kVirtioAccesses) {
        CopierSession session(access, VirtioDriver::kEventIndex);
        REQUIRE(session.driver.has(VirtioDriver::kEventIndex));
        session.memory.put<u16>(session.queue.available + 4 + 2u * session.queue.size, 1);
        session.request();
        CHECK_FALSE(session.interrupt);
        // Notify again at the next one.
        CHECK(session.memory.get<u16>(session.queue.used + 4 + 8u * session.queue.size) == 1);
        session.request();
        CHECK(session.interrupt);
    }
}

TEST_CASE("virtio PCI: a broken queue needs a reset, which mends it") {
    CopierSession session(VirtioAccess::kModern);
    session.request();
    CHECK(session.driver.interrupt_status() == 1);
    session.memory.put<u16>(session.queue.available + 2, 500);
    session.driver.notify(session.queue, 0);
    CHECK(session.driver.status() == 0x4f);
    CHECK(session.interrupt);
    CHECK(session.driver.interrupt_status() == 2);
    session.memory.put<u16>(session.queue.available + 2, 2);
    session.driver.notify(session.queue, 0);
    session.driver.set_status(0x0f);
    CHECK(session.driver.status() == 0x4f);
    CHECK(session.copier.served == 1);
    REQUIRE(session.driver.begin(0));
    session.queue = session.driver.set_up(0);
    session.driver.ready();
    CHECK(session.driver.status() == 0x0f);
    session.request();
    CHECK(session.copier.served == 2);
}

TEST_CASE("virtio PCI: a request that is none breaks the queue too, after what came before it") {
    CopierSession session(VirtioAccess::kModern);
    session.driver.add(session.queue, {{kCopierData, 8}, {kCopierData + 0x1000, 8, true}});
    session.driver.add(session.queue, {{kCopierData + 0x1000, 8, true}});
    session.driver.add(session.queue, {{kCopierData, 8}, {kCopierData + 0x1000, 8, true}});
    session.driver.notify(session.queue, 0);
    CHECK(session.copier.served == 2);
    CHECK(session.driver.used(session.queue).head == 0);
    CHECK(session.driver.used(session.queue).head == ~0u);
    CHECK(session.driver.interrupt_status() == 3);
    CHECK(session.driver.status() == 0x4f);
}

TEST_CASE("virtio PCI: legacy drivers see no such bit") {
    CopierSession session(VirtioAccess::kLegacy);
    session.memory.put<u16>(session.queue.available + 2, 500);
    session.driver.notify(session.queue, 0);
    CHECK(session.driver.status() == 7);
    CHECK_FALSE(session.interrupt);
    session.memory.put<u16>(session.queue.available + 2, 0);
    session.request();
    CHECK(session.copier.served == 0);
}

TEST_CASE("virtio PCI: no bus mastering, no access to memory") {
    CopierSession session(VirtioAccess::kModern);
    session.configure(0x04, 0x0003, 2);
    session.memory.written.clear();
    session.request();
    CHECK(session.memory.written.empty());
    session.configure(0x04, 0x0007, 2);
    CHECK(session.copier.served == 1);
    CHECK(session.driver.used(session.queue).head == 0);
    // Linux before 2.6.34 forgets it, with a legacy device.
    session.configure(0x04, 0x0003, 2);
    VirtioDriver legacy(session, VirtioAccess::kLegacy);
    legacy.begin(0);
    CHECK(session.configuration(0x04, 2) == 0x0007);
}

TEST_CASE("virtio PCI: a device that is pointed at itself does not answer") {
    CopierSession session(VirtioAccess::kModern);
    // Its own notification register and status, and its own interrupt status to be read.
    const u64 own = VirtioBoard::kMemory;
    session.driver.add(session.queue, {{kCopierData, 2}, {own + 0x3000, 2, true}});
    session.driver.add(session.queue, {{kCopierData, 1}, {own + 20, 1, true}});
    session.driver.add(session.queue, {{own + 0x1000, 1}, {kCopierData + 0x2000, 1, true}});
    session.driver.notify(session.queue, 0);
    CHECK(session.copier.served == 3);
    CHECK(session.driver.status() == 0x0f);
    CHECK(session.memory.get<u8>(kCopierData + 0x2000) == 0xff);
    CHECK(session.driver.interrupt_status() == 1);
}

TEST_CASE("virtio PCI: requests that make more of themselves available end") {
    CopierSession session(VirtioAccess::kModern);
    // Each copies the next index into the available ring.
    for (u16 i = 0; i < 64; ++i)
        session.memory.put<u16>(kCopierData + 2 * i, static_cast<u16>(i + 2));
    for (unsigned i = 0; i < 32; ++i)
        session.driver.add(session.queue,
                           {{kCopierData + 2 * i, 2}, {session.queue.available + 2, 2, true}});
    session.memory.put<u16>(session.queue.available + 2, 1);
    session.driver.notify(session.queue, 0);
    CHECK(session.copier.served == 1);
    CHECK(session.memory.get<u16>(session.queue.available + 2) == 2);
}

TEST_CASE("virtio PCI: restores in the middle of a session") {
    for (const VirtioAccess access : kVirtioAccesses) {
        CopierSession session(access, VirtioDriver::kEventIndex | kCopierFeature);
        session.request();
        const std::vector<u8> image = session.saved();
        CopierSession other(access);
        other.memory.bytes = session.memory.bytes;
        other.restore(image);
        CHECK(other.saved() == image);
        other.queue = session.queue;
        CHECK(other.driver.interrupt_status() == 1);
        other.memory.put<u64>(kCopierData, 77);
        other.request(8);
        CHECK(other.memory.get<u64>(kCopierData + 0x1000) == 77);
        CHECK(other.memory.get<u16>(other.queue.used + 2) == 2);
    }
}

}  // namespace seventeen::devices
