// Tests of fw_cfg as firmware reads it (QEMU, docs/specs/fw_cfg).
#include "devices/firmware_config.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "core/error.h"
#include "tests/devices/test_clock.h"

namespace seventeen::devices {

namespace {

using Bytes = std::vector<u8>;
using Key = FirmwareConfig::Key;

struct Memory final : DmaPort {
    Bytes bytes = Bytes(64 << 10, 0xee);
    void dma_read(PhysicalAddress address, void* into, std::size_t size) override {
        REQUIRE(address.value + size <= bytes.size());
        std::memcpy(into, bytes.data() + address.value, size);
    }
    void dma_write(PhysicalAddress address, const void* from, std::size_t size) override {
        REQUIRE(address.value + size <= bytes.size());
        std::memcpy(bytes.data() + address.value, from, size);
    }
};

struct Fixture {
    Memory memory;
    FirmwareConfig config{memory};

    void select(u16 key) { config.write(FirmwareConfig::kSelectorAndData, 0, key, 2); }
    Bytes read(std::size_t size) {
        Bytes bytes;
        for (std::size_t i = 0; i < size; ++i)
            bytes.push_back(static_cast<u8>(config.read(FirmwareConfig::kSelectorAndData, 1, 1)));
        return bytes;
    }
    Bytes item(Key key, std::size_t size) {
        select(static_cast<u16>(key));
        return read(size);
    }
    // Runs a descriptor at 100h and returns its control word.
    u32 dma(u32 control, u32 length, u64 address) {
        for (unsigned i = 0; i < 4; ++i) {
            memory.bytes[0x100 + i] = static_cast<u8>(control >> (24 - 8 * i));
            memory.bytes[0x104 + i] = static_cast<u8>(length >> (24 - 8 * i));
        }
        for (unsigned i = 0; i < 8; ++i)
            memory.bytes[0x108 + i] = static_cast<u8>(address >> (56 - 8 * i));
        config.write(FirmwareConfig::kDma, 0, 0, 4);
        config.write(FirmwareConfig::kDma, 4, 0x0001'0000, 4);  // 100h, big-endian
        u32 result = 0;
        for (unsigned i = 0; i < 4; ++i) result = result << 8 | memory.bytes[0x100 + i];
        return result;
    }
    Bytes at(std::size_t address, std::size_t size) {
        const auto first = memory.bytes.begin() + static_cast<std::ptrdiff_t>(address);
        return {first, first + static_cast<std::ptrdiff_t>(size)};
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "The signature and features are where firmware looks", "[fw_cfg]") {
    CHECK(item(Key::kSignature, 4) == Bytes{'Q', 'E', 'M', 'U'});
    CHECK(read(2) == Bytes{0, 0});  // past the end
    CHECK(item(Key::kId, 4) == Bytes{3, 0, 0, 0});
    CHECK(config.read(FirmwareConfig::kDma, 0, 4) == 0x554d'4551);
    CHECK(config.read(FirmwareConfig::kDma, 4, 4) == 0x4746'4320);
    select(0x1234);
    CHECK(read(2) == Bytes{0, 0});
}

TEST_CASE_METHOD(Fixture, "Numbers are little-endian", "[fw_cfg]") {
    config.set_memory_size(0x1'2345'6789);
    config.set_cpu_count(2);
    CHECK(item(Key::kRamSize, 8) == Bytes{0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0});
    CHECK(item(Key::kCpuCount, 2) == Bytes{2, 0});
    CHECK(item(Key::kMostCpus, 2) == Bytes{2, 0});
}

TEST_CASE_METHOD(Fixture, "The directory lists the files by name", "[fw_cfg]") {
    CHECK(item(Key::kFileDirectory, 4) == Bytes{0, 0, 0, 0});
    const std::vector<std::string> order{"/a", "/b"};
    const std::vector<MemoryMapEntry> map{{0x1000, 0x2000, 2}};
    config.set_memory_map(map);
    config.set_boot_order(order);
    Bytes entry = item(Key::kFileDirectory, 4 + 128);
    CHECK(entry[3] == 2);
    CHECK(Bytes(entry.begin() + 4, entry.begin() + 12) == Bytes{0, 0, 0, 6, 0, 0x20, 0, 0});
    CHECK(std::string(entry.begin() + 12, entry.begin() + 22) == std::string("bootorder\0", 10));
    CHECK(Bytes(entry.begin() + 68, entry.begin() + 76) == Bytes{0, 0, 0, 20, 0, 0x21, 0, 0});
    select(0x20);
    CHECK(read(6) == Bytes{'/', 'a', '\n', '/', 'b', 0});
    select(0x21);
    CHECK(read(20) == Bytes{0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0});
    CHECK_THROWS_AS(config.add_file(std::string(56, 'x'), {}), Error);
    CHECK_THROWS_AS(config.add_file("", {}), Error);
}

TEST_CASE_METHOD(Fixture, "DMA selects, skips and copies", "[fw_cfg]") {
    config.add_file("file", {1, 2, 3, 4, 5, 6});
    CHECK(dma(0x0020'000a, 3, 0x200) == 0);  // select and read
    CHECK(at(0x200, 4) == Bytes{1, 2, 3, 0xee});
    CHECK(dma(0x04, 1, 0) == 0);
    CHECK(dma(0x02, 4, 0x200) == 0);
    CHECK(at(0x200, 5) == Bytes{5, 6, 0, 0, 0xee});
    CHECK(dma(0x0020'0008, 0, 0) == 0);
    CHECK(read(1) == Bytes{1});
    CHECK(dma(0x10, 4, 0x200) == 1);  // items are read-only
    CHECK(dma(0x04, 0xffff'ffff, 0) == 0);
    CHECK(read(1) == Bytes{0});
    CHECK(dma(0x02, 0xffff'ffff, 0x200) == 1);  // absurd
}

TEST_CASE_METHOD(Fixture, "Only a word selects, and DMA addresses have a high half", "[fw_cfg]") {
    select(0);
    config.write(FirmwareConfig::kSelectorAndData, 0, 1, 1);
    CHECK(read(1) == Bytes{'Q'});
    config.write(FirmwareConfig::kSelectorAndData, 1, 1, 1);
    CHECK(read(1) == Bytes{'E'});
}

TEST_CASE_METHOD(Fixture, "A kernel is offered in its parts", "[fw_cfg]") {
    KernelImage image;
    image.setup = {1, 2};
    image.setup_address = 0x10000;
    image.kernel = {3, 4, 5};
    image.kernel_address = 0x10'0000;
    image.initrd = {6};
    image.initrd_address = 0x20'0000;
    image.command_line = "quiet";
    image.command_line_address = 0x20000;
    config.set_kernel(image);
    CHECK(item(Key::kSetupSize, 4) == Bytes{2, 0, 0, 0});
    CHECK(item(Key::kSetupData, 2) == Bytes{1, 2});
    CHECK(item(Key::kKernelAddress, 4) == Bytes{0, 0, 0x10, 0});
    CHECK(item(Key::kKernelData, 3) == Bytes{3, 4, 5});
    CHECK(item(Key::kInitrdSize, 4) == Bytes{1, 0, 0, 0});
    CHECK(item(Key::kCommandLineSize, 4) == Bytes{6, 0, 0, 0});
    CHECK(item(Key::kCommandLineData, 6) == Bytes{'q', 'u', 'i', 'e', 't', 0});
    CHECK(item(Key::kKernelEntry, 4) == Bytes{0, 0, 0, 0});
    image.entry = 0x100020;
    config.set_kernel(image);
    CHECK(item(Key::kKernelEntry, 4) == Bytes{0x20, 0, 0x10, 0});
}

TEST_CASE_METHOD(Fixture, "Reading goes on after a restore", "[fw_cfg]") {
    select(0);
    read(2);
    TestClock clock;
    const std::vector<u8> image = saved(clock, config);
    Fixture other;
    restore(image, 0, clock, other.config);
    CHECK(other.read(2) == Bytes{'M', 'U'});
}

}  // namespace seventeen::devices
