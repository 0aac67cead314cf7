// VirtioFunction: what firmware and drivers find in configuration space (VIRTIO 1.2, 4.1.2, 4.1.4).
#include "devices/virtio_function.h"

#include <catch2/catch.hpp>

#include "tests/devices/virtio_copier.h"

namespace seventeen::devices {

TEST_CASE("virtio PCI: firmware and drivers recognise a transitional device") {
    CopierBoard bench;
    CHECK(bench.configuration(0x00, 4) == 0x10091af4);
    CHECK(bench.configuration(0x08, 4) == 0x00ff0000);  // revision 0, for legacy drivers (4.1.2.3)
    CHECK(bench.configuration(0x2c, 4) == 0x00091af4);
    CHECK(bench.configuration(0x3d, 1) == 1);
    CHECK((bench.configuration(0x06, 2) & 0x10) != 0);
    bench.configure(0x10, 0xffffffff, 4);
    bench.configure(0x20, 0xffffffff, 4);
    CHECK(bench.configuration(0x10, 4) == 0xffffffc1);
    CHECK(bench.configuration(0x20, 4) == 0xffffc000);
}

TEST_CASE("virtio PCI: each structure has its capability") {
    CopierBoard bench;
    u64 taken = 0;
    unsigned count = 0;
    for (unsigned at = bench.configuration(0x34, 1); at != 0; ++count) {
        REQUIRE(at % 4 == 0);
        CHECK(bench.configuration(at, 1) == 0x09);
        const u32 size = bench.configuration(at + 2, 1);
        const u32 type = bench.configuration(at + 3, 1);
        CHECK(size == (type == 2 || type == 5 ? 20 : 16));
        if (type != 5) {
            const u32 offset = bench.configuration(at + 8, 4);
            const u32 length = bench.configuration(at + 12, 4);
            CHECK(bench.configuration(at + 4, 1) == VirtioPci::kModernBar);
            CHECK(offset >= taken);
            CHECK(length >= 0x38);
            CHECK(offset + length <= VirtioPci::kModernSize);
            taken = offset + length;
        }
        if (type == 2) CHECK(bench.configuration(at + 16, 4) == 4);
        // All but the window's fields are fixed (4.1.4.1).
        if (type != 5) {
            const u32 before = bench.configuration(at + 8, 4);
            bench.configure(at + 8, ~before, 4);
            CHECK(bench.configuration(at + 8, 4) == before);
        }
        at = bench.configuration(at + 1, 1);
    }
    CHECK(count == 5);
}

TEST_CASE("virtio PCI: the interrupt shows in the PCI status and can be disabled there") {
    CopierSession session(VirtioAccess::kModern);
    session.request();
    CHECK(session.interrupt);
    CHECK((session.configuration(0x06, 2) & 0x08) != 0);
    session.configure(0x04, 0x0407, 2);
    CHECK_FALSE(session.interrupt);
    session.configure(0x04, 0x0007, 2);
    CHECK(session.interrupt);
    CHECK(session.driver.interrupt_status() == 1);
    CHECK((session.configuration(0x06, 2) & 0x08) == 0);
    session.request();
    session.driver.set_status(0);
    CHECK_FALSE(session.interrupt);
}

TEST_CASE("virtio PCI: the window takes only accesses that are some") {
    CopierSession session(VirtioAccess::kModern);
    const unsigned window = session.capability(5);
    const auto aim = [&](u32 bar, u32 offset, u32 length) {
        session.configure(window + 4, bar, 1);
        session.configure(window + 8, offset, 4);
        session.configure(window + 12, length, 4);
    };
    aim(4, 20, 1);
    CHECK((session.configuration(window + 16, 1) & 0xff) == 0x0f);
    aim(0, 18, 1);  // the legacy registers
    CHECK(session.configuration(window + 16, 1) == 0x0f);
    session.request();
    aim(4, 0x1000, 1);
    CHECK(session.configuration(0x34, 1) == 0x40);
    CHECK(session.interrupt);  // no other read reads through the window
    CHECK(session.configuration(window + 16, 1) == 1);
    CHECK_FALSE(session.interrupt);
    for (const auto& [bar, offset, length] : {std::array<u32, 3>{4, 0x3fff, 2},
                                              {4, 19, 2},
                                              {4, 20, 3},
                                              {4, 20, 0},
                                              {4, 0xffffffff, 1},
                                              {5, 20, 1},
                                              {6, 20, 1},
                                              {0xff, 20, 1},
                                              {4, 0xfffffffe, 4},
                                              {4, 20, 0x80000001},
                                              {0, 64, 1}}) {
        aim(bar, offset, length);
        session.configure(window + 16, 0, 4);
        CHECK(session.configuration(window + 16, 4) == 0);
        CHECK(session.driver.status() == 0x0f);
    }
    aim(4, 20, 1);
    session.configure(window + 16, 0, 1);
    CHECK(session.driver.status() == 0);
}

TEST_CASE("virtio PCI: hardware reset") {
    CopierSession session(VirtioAccess::kModern);
    session.request();
    session.device->reset();
    CHECK_FALSE(session.interrupt);
    CHECK(session.mmio.claims().empty());
    CHECK(session.configuration(0x04, 4) == 0x00100000);
    session.configure(0x20, VirtioBoard::kMemory, 4);
    session.configure(0x04, 0x0007, 2);
    CHECK(session.driver.status() == 0);
    CHECK(session.driver.read(0, 21, 1) == 0);
}

TEST_CASE("virtio PCI: refuses snapshots of what cannot be") {
    CopierSession session(VirtioAccess::kModern);
    const std::vector<u8> image = session.saved();
    // After 256 bytes of configuration space and the line: features, selects, status.
    const auto damaged = [&](auto&& change) {
        Reader reader(image, "test");
        reader.begin("copier", 1, 1);
        std::vector<u8> payload(256 + 1 + 8 + 8 + 2 + 3 + 2 + 2 * (2 + 24 + 3 + 8));
        reader.bytes(payload.data(), payload.size());
        reader.end();
        change(payload);
        Writer writer;
        writer.begin("copier", 1);
        writer.bytes(payload.data(), payload.size());
        writer.end();
        return std::move(writer).finish();
    };
    const auto refused = [&](auto&& change, const char* why) {
        CHECK_THROWS_WITH(session.restore(damaged(change)), Catch::Contains(why));
    };
    session.restore(damaged([](std::vector<u8>&) {}));
    refused([](auto& bytes) { bytes[0] = 0; }, "another function");
    refused([](auto& bytes) { bytes[0x43] = 7; }, "capabilities");
    refused([](auto& bytes) { bytes[0x48] = 1; }, "capabilities");
    refused([](auto& bytes) { bytes[0x34] = 0x44; }, "capabilities");
    session.restore(damaged([](auto& bytes) { bytes[0x3c] = 0x0b; }));
    session.restore(damaged([](auto& bytes) { bytes[0x8c] = 0x14; }));
    refused([](auto& bytes) { bytes[256 + 1] = 1; }, "features");
    refused([](auto& bytes) { bytes[256 + 1 + 8 + 8 + 2 + 1] = 1; }, "interrupt");
    refused([](auto& bytes) { bytes[256 + 1 + 8 + 8 + 2 + 1] = 4; }, "interrupt");
    refused([](auto& bytes) { bytes[256 + 1 + 8 + 8 + 2 + 3 + 2] = 3; }, "size");
}

}  // namespace seventeen::devices
