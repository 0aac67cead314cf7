// MemoryComparison finds what is written wrongly, even if it is overwritten before anybody looks.
#include "app/memory_comparison.h"

#include <catch2/catch.hpp>

#include "core/bus.h"

namespace seventeen::app {

namespace {

constexpr u64 kRam = 64 << 10;
constexpr MemoryComparison::ChipMemory kChip{0x8000, 0x2000};

class Chip final : public Device {
  public:
    explicit Chip(mmu::PhysicalMemory& memory) : memory_(memory) {}
    std::string_view name() const override { return "chip"; }
    u64 read(unsigned, u64, Width) override { return 0; }
    void write(unsigned, u64 offset, u64 value, Width) override {
        memory_.ram()[kChip.first + offset] = static_cast<u8>(value);
    }

  private:
    mmu::PhysicalMemory& memory_;
};

struct Side {
    Bus mmio{"memory", u64{1} << 36};
    mmu::PhysicalMemory memory{kRam, mmio};
    Chip chip{memory};

    Side() {
        memory.map_ram({0}, kRam, 0);
        mmio.claim({.first = u64{1} << 32, .size = kChip.size, .device = &chip});
    }
    // As an engine does it that keeps a pointer, or by DMA.
    void write(u64 address, u8 value) {
        if (u8* page = memory.write_pointer({address}))
            page[address % kPageSize] = value;
        else
            memory.dma_write({address}, &value, 1);
    }
};

struct Fixture {
    Side reference;
    Side tested;
    MemoryComparison comparison{reference.memory, tested.memory, kChip};

    Fixture() { REQUIRE(comparison.is_all_alike()); }
    // One stop further. True: all seems well.
    template <typename Run>
    bool stop(const Run& run) {
        run(reference);
        const bool was_alike = comparison.was_alike();
        run(tested);
        return comparison.is_alike() && was_alike;
    }
    bool stop() {
        return stop([](Side&) {});
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "What both write is alike, and only that is compared") {
    for (u8 value = 1; value < 5; ++value)
        CHECK(stop([&](Side& side) { side.write(0x1234, value); }));
    CHECK(comparison.pages() == 4);
    CHECK(stop());
    CHECK(comparison.pages() == 4);
    CHECK(comparison.is_all_alike());
}

TEST_CASE_METHOD(Fixture, "A difference on a page that the reference writes is found at the stop") {
    SECTION("what it writes is not written") {
        reference.write(0x1234, 1);
    }
    SECTION("something else is") {
        reference.write(0x1234, 1);
        tested.write(0x1234, 1);
        tested.write(0x1ff0, 1);
    }
    CHECK_FALSE(comparison.is_alike());
}

TEST_CASE_METHOD(Fixture, "What was wrong and is right again is found") {
    tested.write(0x5678, 7);
    CHECK(stop());  // nobody has looked at that page
    CHECK(stop());
    CHECK_FALSE(stop([](Side& side) { side.write(0x5678, 8); }));
    CHECK(comparison.is_all_alike());
}

TEST_CASE_METHOD(Fixture, "What is wrong on a page that nobody else writes is found in the end") {
    tested.write(0x5678, 7);
    CHECK(stop());
    CHECK_FALSE(comparison.is_all_alike());
    tested.write(0x5678, 0);
    CHECK(comparison.is_all_alike());
}

TEST_CASE_METHOD(Fixture, "Writes are seen at any stop, by a pointer that is kept or by DMA") {
    for (u8 value = 1; value < 5; ++value) {
        CHECK(stop([&](Side& side) {
            side.write(0x3000, value);
            side.write(0x3001, value);
        }));
        CHECK_FALSE(stop([&](Side& side) { side.write(0x3002, &side == &tested); }));
        CHECK(stop([&](Side& side) { side.memory.ram()[0x3002] = 0; }));
        CHECK(comparison.is_all_alike());
    }
}

TEST_CASE_METHOD(Fixture, "What a chip writes for itself does not look like a difference") {
    CHECK(stop([](Side& side) { side.memory.write<u8>({(u64{1} << 32) + 0x1100}, 5); }));
    CHECK(stop([](Side& side) { side.write(0x9101, 6); }));
    CHECK(tested.memory.ram()[0x9100] == 5);
}

}  // namespace seventeen::app
