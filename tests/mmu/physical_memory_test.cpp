// The physical map, A20, DMA and guards.
#include <catch2/catch.hpp>
#include <tuple>

#include "tests/mmu/test_machine.h"

namespace seventeen::mmu {
namespace {

using Seen = std::vector<Recorder::Seen>;

struct Fixture {
    Bus mmio{"memory", u64{1} << 36};
    PhysicalMemory memory{64 * kPageSize, mmio};
    std::vector<PhysicalMemory::Change> changes;

    Fixture() {
        memory.map_ram({0}, 16 * kPageSize, 0);
        memory.add_change_listener([this](const auto& change) { changes.push_back(change); });
    }
};

// Notes every access it gets.
class LoggingDevice final : public Device {
  public:
    using Access = std::tuple<u64, u64, Width>;
    std::vector<Access> reads, writes;

    std::string_view name() const override { return "logging"; }
    u64 read(unsigned, u64 offset, Width width) override {
        reads.emplace_back(offset, 0, width);
        u64 value = 0;
        for (Width i = 0; i < width; ++i) value |= (offset + i) << (8 * i);
        return value;
    }
    void write(unsigned, u64 offset, u64 value, Width width) override {
        writes.emplace_back(offset, value, width);
    }
};

TEST_CASE_METHOD(Fixture, "RAM keeps what is written, at any width and across pages") {
    memory.write<u32>({0x1ffe}, 0x12345678);
    CHECK(memory.read<u32>({0x1ffe}) == 0x12345678);
    CHECK(memory.ram()[0x2001] == 0x12);
    memory.write<u64>({0x3001}, 0x1122334455667788);
    CHECK(memory.read<u16>({0x3003}) == 0x5566);
}

TEST_CASE_METHOD(Fixture, "What nobody maps floats high and swallows writes") {
    memory.write<u32>({0x80000}, 1);
    CHECK(memory.read<u32>({0x80000}) == 0xffffffff);
    CHECK(memory.read<u64>({u64{1} << 51}) == ~u64{0});
    CHECK(memory.read_pointer({0x80000}) == nullptr);
    CHECK(memory.write_pointer({0x80000}) == nullptr);
    CHECK(memory.ram_offset({0x80000}) == PhysicalMemory::kNotRam);
}

TEST_CASE_METHOD(Fixture, "An access may cross from RAM into a hole") {
    memory.write<u32>({0xfffe}, 0xaabbccdd);
    CHECK(memory.read<u32>({0xfffe}) == 0xffffccdd);
}

TEST_CASE_METHOD(Fixture, "ROM and read-only RAM are read but not written") {
    std::vector<u8> rom(2 * kPageSize, 0x5a);
    memory.map_rom({0xe0000}, rom);
    memory.write<u32>({0xe0ffe}, 0);
    CHECK(memory.read<u32>({0xe0ffe}) == 0x5a5a5a5a);
    CHECK(memory.read_pointer({0xe1000}) == rom.data() + kPageSize);
    CHECK(memory.write_pointer({0xe1000}) == nullptr);

    memory.write<u8>({0x5000}, 7);
    memory.map_ram_read_only({0xf0000}, kPageSize, 0x5000);
    memory.write<u8>({0xf0000}, 9);
    CHECK(memory.read<u8>({0xf0000}) == 7);
    CHECK(memory.write_pointer({0xf0000}) == nullptr);
    CHECK(memory.ram_offset({0xf0123}) == 0x5123);
}

TEST_CASE_METHOD(Fixture, "PAM: a ROM area becomes RAM, read-only RAM and ROM again at run time") {
    std::vector<u8> rom(kPageSize, 0x11);
    const PhysicalAddress area{0xf0000};
    memory.map_rom(area, rom);
    changes.clear();
    memory.map_ram(area, kPageSize, 0x20000);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].everything);
    memory.write<u8>(area, 0x22);
    CHECK(memory.read<u8>(area) == 0x22);
    memory.map_ram_read_only(area, kPageSize, 0x20000);
    memory.write<u8>(area, 0x33);
    CHECK(memory.read<u8>(area) == 0x22);
    memory.map_rom(area, rom);
    CHECK(memory.read<u8>(area) == 0x11);
    memory.map_mmio(area, kPageSize);
    CHECK(memory.read<u8>(area) == 0xff);
}

TEST_CASE_METHOD(Fixture, "A chip sees naturally aligned accesses, lowest address first") {
    using A = LoggingDevice::Access;
    LoggingDevice device;
    mmio.claim({0xa0000, 0x20000, &device, 0, 8});
    u8 bytes[10];
    memory.read({0xa0000}, bytes, 10);
    CHECK(device.reads == std::vector<A>{{0, 0, 8}, {8, 0, 2}});
    for (u8 i = 0; i < 10; ++i) CHECK(bytes[i] == i);
    device.reads.clear();
    CHECK(memory.read<u32>({0xa0001}) == 0x04030201);
    CHECK(device.reads == std::vector<A>{{1, 0, 1}, {2, 0, 2}, {4, 0, 1}});
    memory.write<u64>({0xa0004}, 0x8877665544332211);
    CHECK(device.writes == std::vector<A>{{4, 0x44332211, 4}, {8, 0x88776655, 4}});
    device.writes.clear();
    memory.dma_write({0xa0ffe}, "\x1\x2\x3\x4", 4);
    CHECK(device.writes == std::vector<A>{{0xffe, 0x0201, 2}, {0x1000, 0x0403, 2}});
}

TEST_CASE_METHOD(Fixture, "A closed A20 gate folds what the CPU asks for, but not DMA") {
    memory.map_ram({0x100000}, kPageSize, 0x8000);
    memory.write<u8>({0}, 1);
    memory.write<u8>({0x100000}, 2);
    changes.clear();
    memory.set_a20(false);
    CHECK_FALSE(memory.a20());
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].everything);
    CHECK(memory.read<u8>({0x100000}) == 1);
    CHECK(memory.read_pointer({0x100000}) == memory.ram().data());
    CHECK(memory.write_pointer({0x100000}) == memory.ram().data());
    memory.write<u8>({0x100001}, 9);
    CHECK(memory.ram()[1] == 9);
    u8 byte = 0;
    memory.dma_read({0x100000}, &byte, 1);
    CHECK(byte == 2);
    byte = 3;
    memory.dma_write({0x100000}, &byte, 1);
    CHECK(memory.ram()[0x8000] == 3);
    // The last bytes below an odd megabyte are followed by the first of the even one.
    memory.map_ram({0xff000}, kPageSize, 0x9000);
    memory.write<u16>({0xfffff}, 0xbbaa);
    CHECK(memory.ram()[0x9fff] == 0xaa);
    CHECK(memory.ram()[0] == 0xbb);
    memory.set_a20(false);
    CHECK(changes.size() == 2);  // the map's; closing it again is no change
    memory.set_a20(true);
    CHECK(memory.read<u8>({0x100000}) == 3);
}

TEST_CASE_METHOD(Fixture, "RAM answers above 4 GiB too") {
    const PhysicalAddress high{u64{5} << 30};
    memory.map_ram(high, 2 * kPageSize, 0x10000);
    memory.write<u32>(high + 0xffe, 0x01020304);
    CHECK(memory.ram()[0x11001] == 1);
}

TEST_CASE_METHOD(Fixture, "A write to a guarded page is announced after the bytes have changed") {
    struct Observer final : GuardObserver {
        PhysicalMemory& memory;
        std::vector<u32> values;
        explicit Observer(PhysicalMemory& of) : memory(of) {}
        void guarded_write(PhysicalAddress address, std::size_t size) override {
            REQUIRE(size == 4);
            values.push_back(memory.read<u32>(address));
        }
    } observer{memory};
    memory.add_observer(Guard::kDirty, observer);
    memory.write<u32>({0x3000}, 1);
    memory.set_guard(Guard::kDirty, {0x3000});
    CHECK(memory.guarded(Guard::kDirty, {0x3fff}));
    CHECK_FALSE(memory.guarded(Guard::kCode, {0x3000}));
    memory.write<u32>({0x3004}, 2);
    memory.dma_write({0x3008}, "\x3\0\0\0", 4);
    memory.clear_guard(Guard::kDirty, {0x3000});
    memory.write<u32>({0x3000}, 4);
    CHECK(observer.values == std::vector<u32>{2, 3});
    memory.set_guard(Guard::kDirty, {0x3000});
    memory.remove_observer(Guard::kDirty, observer);
    memory.write<u32>({0x3000}, 5);
    CHECK(observer.values.size() == 2);
}

TEST_CASE_METHOD(Fixture, "Guards belong to pages of RAM: aliases share them, each is announced") {
    Recorder code{Guard::kCode};
    memory.add_observer(Guard::kCode, code);
    memory.map_ram({0x80000}, kPageSize, 0x4000);
    memory.map_ram_read_only({0x90000}, kPageSize, 0x4000);
    memory.set_guard(Guard::kCode, {0x90000});
    CHECK(memory.guarded(Guard::kCode, {0x4000}));
    memory.write<u16>({0x80010}, 1);
    std::sort(code.seen.begin(), code.seen.end());
    CHECK(code.seen ==
          Seen{{Guard::kCode, 0x4010, 2}, {Guard::kCode, 0x80010, 2}, {Guard::kCode, 0x90010, 2}});
    code.seen.clear();
    CHECK(memory.answers_elsewhere({0x80010}));
    CHECK_FALSE(memory.answers_elsewhere({0x5000}));
    // The first address goes: the others remain.
    memory.map_mmio({0x4000}, kPageSize);
    memory.write<u16>({0x80010}, 1);
    std::sort(code.seen.begin(), code.seen.end());
    CHECK(code.seen == Seen{{Guard::kCode, 0x80010, 2}, {Guard::kCode, 0x90010, 2}});
    code.seen.clear();
    memory.map_mmio({0x90000}, kPageSize);
    memory.write<u16>({0x80010}, 1);
    CHECK(code.seen == Seen{{Guard::kCode, 0x80010, 2}});
    // The guard stays with the page of RAM wherever it goes.
    memory.map_mmio({0x80000}, kPageSize);
    memory.map_ram({0xa0000}, kPageSize, 0x4000);
    CHECK(memory.guarded(Guard::kCode, {0xa0000}));
    memory.clear_ram_guard(Guard::kCode, 4);
    CHECK_FALSE(memory.guarded(Guard::kCode, {0xa0000}));
}

TEST_CASE_METHOD(Fixture, "A write across two guarded pages is announced page by page") {
    Recorder code{Guard::kCode};
    memory.add_observer(Guard::kCode, code);
    memory.set_guard(Guard::kCode, {0x1000});
    memory.set_guard(Guard::kCode, {0x2000});
    memory.write<u32>({0x1ffd}, 0);
    CHECK(code.seen == Seen{{Guard::kCode, 0x1ffd, 3}, {Guard::kCode, 0x2000, 1}});
}

TEST_CASE_METHOD(Fixture, "Observers of the excepted kind are not told, the others are") {
    Recorder code{Guard::kCode}, table{Guard::kPageTable};
    memory.add_observer(Guard::kCode, code);
    memory.add_observer(Guard::kPageTable, table);
    memory.set_guard(Guard::kCode, {0x1000});
    memory.set_guard(Guard::kPageTable, {0x1000});
    memory.write_except(Guard::kPageTable, {0x1000}, "\x5", 1);
    CHECK(memory.ram()[0x1000] == 5);
    CHECK(table.seen.empty());
    CHECK(code.seen.size() == 1);
}

TEST_CASE_METHOD(Fixture, "Write pointers are void as soon as a page is guarded") {
    u8* pointer = memory.write_pointer({0x6000});
    CHECK(pointer == memory.ram().data() + 0x6000);
    changes.clear();
    memory.set_guard(Guard::kCode, {0x6000});
    REQUIRE(changes.size() == 1);
    CHECK_FALSE(changes[0].everything);
    CHECK(changes[0].ram_page == 6);
    CHECK(memory.write_pointer({0x6000}) == nullptr);
    CHECK(memory.read_pointer({0x6000}) == pointer);
    // No pointer can be out any more, nor was there ever one to page 7.
    memory.set_guard(Guard::kDirty, {0x6000});
    memory.set_guard(Guard::kDirty, {0x7000});
    CHECK(changes.size() == 1);
    memory.clear_guard(Guard::kCode, {0x6000});
    CHECK(memory.write_pointer({0x6000}) == nullptr);
    memory.clear_guard(Guard::kDirty, {0x6000});
    CHECK(memory.write_pointer({0x6000}) == pointer);
    memory.set_guard(Guard::kDirty, {0x6000});
    CHECK(changes.size() == 2);
}

TEST_CASE_METHOD(Fixture, "A guard of one kind may be passed over, as long as it is alone") {
    memory.set_guard(Guard::kPageTable, {0x6000});
    CHECK(memory.write_pointer({0x6000}) == nullptr);
    CHECK(memory.write_pointer({0x6000}, Guard::kCode) == nullptr);
    CHECK(memory.write_pointer({0x6000}, Guard::kPageTable) == memory.ram().data() + 0x6000);
    changes.clear();
    memory.set_guard(Guard::kCode, {0x6000});
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].ram_page == 6);
    CHECK(memory.write_pointer({0x6000}, Guard::kPageTable) == nullptr);
}

TEST_CASE_METHOD(Fixture, "A removed listener is not told") {
    unsigned told = 0;
    const unsigned id = memory.add_change_listener([&](const auto&) { ++told; });
    memory.map_mmio({0xa0000}, kPageSize);
    memory.remove_change_listener(id);
    memory.map_mmio({0xa0000}, kPageSize);
    CHECK(told == 1);
    CHECK(changes.size() == 2);
}

}  // namespace
}  // namespace seventeen::mmu
