// Bus: overlap, floating reads, lookup and the splitting of accesses.
#include "core/bus.h"

#include <catch2/catch.hpp>
#include <functional>

#include "core/error.h"
#include "tests/core/fake_device.h"

namespace seventeen {

namespace {

constexpr u64 kPorts = 0x10000;

using Accesses = std::vector<Access>;

}  // namespace

TEST_CASE("unclaimed reads float high and unclaimed writes go nowhere") {
    Bus bus("port", kPorts);
    CHECK(bus.read(0x80, 1) == 0xff);
    CHECK(bus.read(0x80, 2) == 0xffff);
    CHECK(bus.read(0x80, 4) == 0xffff'ffff);
    CHECK(bus.read(0x80, 8) == ~u64{0});
    CHECK(bus.read(0xffff, 4) == 0xffff'ffff);
    bus.write(0xffff, 0x1234'5678, 4);
    CHECK(bus.find(0x80) == nullptr);
}

TEST_CASE("a claim answers at offsets of its own, with its region") {
    Bus bus("port", kPorts);
    FakeDevice chip("chip");
    bus.claim({.first = 0x3f8, .size = 8, .device = &chip, .region = 7});
    CHECK(bus.read(0x3fa, 1) == 0x12);
    CHECK(bus.read(0x3fa, 2) == 0x1312);
    CHECK(bus.read(0x3fa, 4) == 0x1514'1312);
    bus.write(0x3ff, 0x1ab, 1);
    CHECK(chip.accesses ==
          Accesses{{'r', 7, 2, 1, 0}, {'r', 7, 2, 2, 0}, {'r', 7, 2, 4, 0}, {'w', 7, 7, 1, 0xab}});
}

TEST_CASE("an access wider than the chip takes is split, low part first") {
    Bus bus("port", kPorts);
    FakeDevice chip("chip");
    bus.claim({.first = 0x20, .size = 0x20, .device = &chip, .widest = 1});
    bus.claim({.first = 0x40, .size = 0x20, .device = &chip, .widest = 2});
    SECTION("a word to a byte-wide chip") {
        bus.write(0x20, 0xbbaa, 2);
        CHECK(chip.accesses == Accesses{{'w', 0, 0, 1, 0xaa}, {'w', 0, 1, 1, 0xbb}});
        CHECK(bus.read(0x22, 2) == 0x1312);
    }
    SECTION("a quadword to a word-wide chip") {
        bus.write(0x40, 0x8877'6655'4433'2211, 8);
        CHECK(chip.accesses == Accesses{{'w', 0, 0, 2, 0x2211},
                                        {'w', 0, 2, 2, 0x4433},
                                        {'w', 0, 4, 2, 0x6655},
                                        {'w', 0, 6, 2, 0x8877}});
        CHECK(bus.read(0x40, 8) == 0x1716'1514'1312'1110);
    }
}

TEST_CASE("an access that straddles claims is split between them") {
    Bus bus("port", kPorts);
    FakeDevice low("low");
    FakeDevice high("high");
    bus.claim({.first = 0x100, .size = 2, .device = &low});
    bus.claim({.first = 0x103, .size = 4, .device = &high});
    CHECK(bus.read(0x101, 4) == 0x1110'ff11);
    CHECK(low.accesses == Accesses{{'r', 0, 1, 1, 0}});
    CHECK(high.accesses == Accesses{{'r', 0, 0, 2, 0}});
    bus.write(0x100, 0x4433'2211, 4);
    CHECK(low.accesses.back() == Access{'w', 0, 0, 2, 0x2211});
    CHECK(high.accesses.back() == Access{'w', 0, 0, 1, 0x44});
}

TEST_CASE("overlapping, empty and outlying claims are refused by name") {
    Bus bus("port", kPorts);
    FakeDevice chip("pic");
    FakeDevice other("pit");
    bus.claim({.first = 0x20, .size = 2, .device = &chip});
    const auto refused = [&](u64 first, u64 size, const std::string& text) {
        INFO(first << " " << size);
        CHECK_THROWS_WITH(bus.claim({.first = first, .size = size, .device = &other}),
                          Catch::Contains("port bus: 'pit' cannot have") && Catch::Contains(text));
    };
    refused(0x20, 1, "'pic' has 0x20..0x21");
    refused(0x21, 4, "'pic' has 0x20..0x21");
    refused(0x1f, 2, "'pic' has 0x20..0x21");
    refused(0x00, kPorts, "'pic' has 0x20..0x21");
    refused(0x40, 0, "empty");
    refused(0xffff, 2, "ends at 0xffff");
    refused(kPorts, 1, "ends at 0xffff");
    refused(0x30, ~u64{0}, "ends at 0xffff");
    CHECK_THROWS_AS(bus.claim({.first = 0x20, .size = 1, .device = &other}), Error);
    bus.claim({.first = 0x1f, .size = 1, .device = &other});
    bus.claim({.first = 0x22, .size = kPorts - 0x22, .device = &other});
    CHECK(bus.claims().size() == 3);
}

TEST_CASE("claims are found by address and vanish when they are released") {
    Bus bus("memory", u64{1} << 36);
    FakeDevice chip("chip");
    for (u64 i = 200; i-- > 0;)
        bus.claim({.first = i * 0x1000,
                   .size = 0x800,
                   .device = &chip,
                   .region = static_cast<unsigned>(i)});
    for (u64 i = 0; i < 200; ++i) {
        INFO(i);
        for (const u64 offset : {u64{0}, u64{0x7ff}}) {
            const Bus::Claim* claim = bus.find(i * 0x1000 + offset);
            REQUIRE(claim != nullptr);
            CHECK(claim->region == i);
        }
        CHECK(bus.find(i * 0x1000 + 0x800) == nullptr);
        CHECK(bus.find(i * 0x1000 + 0xfff) == nullptr);
        CHECK(bus.claims()[i].region == i);
    }
    CHECK(bus.find(5 * 0x1000) != nullptr);
    bus.release(5 * 0x1000, 0x800);
    CHECK(bus.find(5 * 0x1000) == nullptr);
    CHECK(bus.find(6 * 0x1000)->region == 6);
    bus.claim({.first = 5 * 0x1000, .size = 0x1000, .device = &chip, .region = 500});
    CHECK(bus.find(5 * 0x1000 + 0xfff)->region == 500);
}

TEST_CASE("a device may release its range while it is accessed") {
    class Vanishing final : public Device {
      public:
        explicit Vanishing(Bus& bus) : bus_(bus) {}
        std::string_view name() const override { return "vanishing"; }
        u64 read(unsigned, u64, Width) override { return 0; }
        void write(unsigned, u64 offset, u64, Width) override {
            ++writes;
            if (offset == 1) bus_.release(0, 4);
        }
        int writes = 0;

      private:
        Bus& bus_;
    };
    Bus bus("port", kPorts);
    Vanishing chip(bus);
    bus.claim({.first = 0, .size = 4, .device = &chip, .widest = 1});
    bus.write(0, 0, 4);
    CHECK(chip.writes == 2);
    CHECK(bus.claims().empty());
}

}  // namespace seventeen
