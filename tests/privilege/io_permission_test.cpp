// Tests of IN and OUT: IOPL, the TSS's I/O map and its edges, and I/O breakpoints.
#include "privilege/debug_registers.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

constexpr u32 kMap = 0x88;  // where the bench's I/O map lies in the TSS

// Remembers the last access.
class Recorder final : public Device {
  public:
    u64 answer = 0x12345678;
    u64 offset = 0;
    u64 written = 0;
    Width width = 0;
    unsigned reads = 0;
    unsigned writes = 0;
    std::string_view name() const override { return "recorder"; }
    u64 read(unsigned, u64 at, Width size) override {
        offset = at, width = size, ++reads;
        return answer;
    }
    void write(unsigned, u64 at, u64 value, Width size) override {
        offset = at, width = size, written = value, ++writes;
    }
};

void set_map(Bench& bench, u16 base, u8 fill) {
    bench.write<u16>(kTss + 0x66, base);
    for (u32 i = 0; i < 0x200; ++i) bench.write<u8>(kTss + base + i, fill);
}

// CPL 3 with IOPL 0 and a TSS that ends at `limit`.
void prepare(Bench& bench, u32 limit = 0x3ff, u8 fill = 0) {
    bench.protected_mode(3);
    set_map(bench, kMap, fill);
    bench.state.tr.limit = limit;
    bench.state.tr.update();
}

const Fault kRefused = Fault::general_protection();

}  // namespace

TEST_CASE("the I/O map is asked where CPL exceeds IOPL, and always in V86 mode") {
    for (const u8 fill : {0x00, 0xff})
        for (unsigned cpl = 0; cpl < 4; ++cpl)
            for (unsigned iopl = 0; iopl < 4; ++iopl) {
                Bench bench;
                prepare(bench, 0x3ff, fill);
                bench.state.cpl = static_cast<u8>(cpl);
                bench.state.system_flags |= iopl << kFlagIoplShift;
                CAPTURE(cpl, iopl, fill);
                const bool refused = fill && cpl > iopl;
                CHECK(bench.engine.check_port(0x60, 1) == (refused ? kRefused : Fault{}));
                if (cpl != 3) continue;
                bench.state.system_flags |= kFlagVm;
                CHECK(bench.engine.check_port(0x60, 1) == (fill ? kRefused : Fault{}));
            }
    Bench bench;
    bench.real_mode();
    bench.state.tr.limit = 0;
    CHECK(bench.engine.check_port(0x60, 1) == Fault{});
}

TEST_CASE("every port of an access needs a clear bit") {
    Bench bench;
    prepare(bench);
    for (const u16 port : {0x60, 0x65, 0x66, 0x67, 0x68})
        for (const Width width : {1u, 2u, 4u})
            for (u32 denied = 0x5c; denied < 0x74; ++denied) {
                for (u32 i = 0; i < 0x20; ++i) bench.write<u8>(kTss + kMap + i, 0);
                bench.write<u8>(kTss + kMap + denied / 8, static_cast<u8>(1u << denied % 8));
                CAPTURE(port, width, denied);
                const bool refused = denied >= port && denied < port + width;
                CHECK(bench.engine.check_port(port, width) == (refused ? kRefused : Fault{}));
            }
}

TEST_CASE("two bytes of the map are read and must lie within the TSS") {
    for (const Width width : {1u, 2u, 4u}) {
        Bench bench;
        prepare(bench, kMap + 8);  // bytes 0..8 of the map: ports 0x38..0x3f lie in byte 7
        CAPTURE(width);
        CHECK(bench.engine.check_port(0x3f, width) == Fault{});
        CHECK(bench.engine.check_port(0x40, width) == kRefused);
        CHECK(bench.engine.check_port(0xffff, width) == kRefused);
    }
    // The whole map, with its byte of ones at the end.
    Bench bench;
    bench.protected_mode(3);
    bench.state.tr.limit = 0x88 + 0x2000;
    bench.state.tr.base = 0x40000;
    bench.write<u16>(0x40066, 0x88);
    bench.write<u8>(0x40088 + 0x2000, 0xff);
    CHECK(bench.engine.check_port(0xffff, 1) == Fault{});
    CHECK(bench.engine.check_port(0xffff, 2) == kRefused);
    CHECK(bench.engine.check_port(0xfffc, 4) == Fault{});
    CHECK(bench.engine.check_port(0xfffd, 4) == kRefused);
    bench.state.tr.limit = 0x88 + 0x1fff;
    CHECK(bench.engine.check_port(0xfff7, 1) == Fault{});
    CHECK(bench.engine.check_port(0xfff8, 1) == kRefused);
}

TEST_CASE("a TSS without an I/O map refuses every port") {
    Bench bench;
    prepare(bench);
    CHECK(bench.engine.check_port(0, 1) == Fault{});
    SECTION("its limit ends before the map's offset") {
        bench.write<u16>(kTss + 0x66, 0x54);
        bench.state.tr.limit = 0x67;
        CHECK(bench.engine.check_port(0, 1) == Fault{});
        bench.state.tr.limit = 0x66;
        CHECK(bench.engine.check_port(0, 1) == kRefused);
    }
    SECTION("the map lies beyond the limit") {
        bench.write<u16>(kTss + 0x66, 0xffff);
        CHECK(bench.engine.check_port(0, 1) == kRefused);
    }
    SECTION("it is a 16-bit TSS, available or busy") {
        for (const SystemType type : {SystemType::kTss16, SystemType::kTss16Busy}) {
            bench.state.tr.attributes = system(type);
            CHECK(bench.engine.check_port(0, 1) == kRefused);
        }
    }
    SECTION("an available 32-bit TSS is as good as a busy one") {
        bench.state.tr.attributes = system(SystemType::kTss32);
        CHECK(bench.engine.check_port(0, 1) == Fault{});
    }
    SECTION("the task register is null") {
        bench.state.tr = null_segment(0);
        CHECK(bench.engine.check_port(0, 1) == kRefused);
    }
}

TEST_CASE("the map is read with supervisor rights and can page-fault") {
    Bench bench;
    prepare(bench);
    bench.enable_paging();
    bench.change_page(kTss, 4);  // a supervisor's page
    CHECK(bench.engine.check_port(0, 1) == Fault{});
    bench.change_page(kTss, 1);
    CHECK(bench.engine.check_port(0, 1) == Fault::page(0, {kTss + 0x66}));
    bench.change_page(kTss, 0, 1);
    bench.write<u16>(kTss + 0x66, 0x1000 - 1);
    bench.state.tr.limit = 0x2000;
    bench.change_page(kTss + 0x1000, 1);
    CHECK(bench.engine.check_port(0, 1) == Fault::page(0, {kTss + 0x1000}));
}

TEST_CASE("IN and OUT reach the chip, and not where refused") {
    Bench bench;
    Recorder chip;
    bench.ports.claim({0x60, 8, &chip, 0, 4});
    prepare(bench);
    u32 value = 0;
    CHECK(bench.engine.input(0x62, 4, value) == Fault{});
    CHECK(value == 0x12345678);
    CHECK(chip.offset == 2);
    CHECK(chip.width == 4);
    CHECK(bench.engine.output(0x61, 2, 0xabcd) == Fault{});
    CHECK(chip.written == 0xabcd);
    CHECK(chip.offset == 1);
    CHECK(chip.width == 2);
    set_map(bench, kMap, 0xff);
    CHECK(bench.engine.input(0x62, 4, value) == kRefused);
    CHECK(bench.engine.output(0x61, 2, 0) == kRefused);
    CHECK(chip.reads == 1);
    CHECK(chip.writes == 1);
}

TEST_CASE("nothing answers beyond the last port") {
    Bench bench;
    bench.real_mode();
    u32 value = 0;
    CHECK(bench.engine.input(0xffff, 1, value) == Fault{});
    CHECK(value == 0xff);
    CHECK(bench.engine.input(0xfffe, 4, value) == Fault{});
    CHECK(value == 0xffffffff);
    CHECK(bench.engine.output(0xffff, 2, 0) == Fault{});
}

TEST_CASE("I/O breakpoints") {
    constexpr u64 kPortWord = (2u | 1u << 2) << 16 | 1;  // R/W0 = 10b, LEN0 = two bytes, L0
    struct {
        u64 dr0;
        u64 dr7;
        u16 port;
        Width width;
        bool met;
    } const rows[] = {
        {0x60, kPortWord, 0x60, 1, true},
        {0x60, kPortWord, 0x61, 1, true},
        {0x60, kPortWord, 0x62, 1, false},
        {0x60, kPortWord, 0x5f, 1, false},
        {0x60, kPortWord, 0x5f, 2, true},
        {0x60, kPortWord, 0x5c, 4, false},
        {0x60, kPortWord, 0x5d, 4, true},
        {0x61, kPortWord, 0x60, 1, true},                  // the address is aligned by the length
        {0x60, kPortWord << 0 & ~u64{1}, 0x60, 1, false},  // not enabled
        {0x60, (kPortWord & ~u64{1}) | 2, 0x60, 1, true},  // globally
        {0x60, 2u << 16 | 1, 0x60, 1, true},               // one byte
        {0x60, 2u << 16 | 1, 0x61, 1, false},
        {0x60, 0xeu << 16 | 1, 0x63, 1, true},  // four bytes
        {0x60, 0xeu << 16 | 1, 0x64, 1, false},
        {0x60, 3u << 16 | 1, 0x60, 1, false},  // data, not I/O
        {0x60, 1u << 16 | 1, 0x60, 1, false},
        {0x60, 0u << 16 | 1, 0x60, 1, false},
        {0x10060, kPortWord, 0x60, 1, false},
    };
    for (const auto& row : rows)
        for (const bool extensions : {true, false})
            for (const bool writes : {true, false}) {
                Bench bench;
                bench.real_mode();
                bench.state.cr4 = extensions ? kCr4De : 0;
                bench.state.dr[0] = row.dr0;
                bench.state.dr[7] = row.dr7;
                bench.state.attention = false;
                CAPTURE(row.dr0, row.dr7, row.port, row.width, extensions, writes);
                u32 value = 0;
                if (writes)
                    CHECK(bench.engine.output(row.port, row.width, 0) == Fault{});
                else
                    CHECK(bench.engine.input(row.port, row.width, value) == Fault{});
                const bool met = row.met && extensions;
                CHECK(bench.state.pending_debug == (met ? 1 : 0));
                CHECK(bench.state.attention == met);
            }
}

TEST_CASE("several I/O breakpoints are met at once") {
    Bench bench;
    bench.real_mode();
    bench.state.cr4 = kCr4De;
    for (unsigned i = 0; i < 4; ++i) bench.state.dr[i] = i == 2 ? 0x70 : 0x60;
    bench.state.dr[7] = 0x2222'0000 | 0x55;
    CHECK(bench.engine.output(0x60, 1, 0) == Fault{});
    CHECK(bench.state.pending_debug == 0b1011);
}

}  // namespace seventeen::privilege
