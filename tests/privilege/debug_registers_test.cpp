// Tests of MOV DR: aliases, fixed bits, general detect, and how DR7 is read.
#include "privilege/debug_registers.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {
namespace {

u32 debug(Bench& bench, unsigned number) {
    u32 value = 0;
    CHECK(bench.engine.read_debug(number, value) == Fault{});
    return value;
}

}  // namespace

TEST_CASE("DR0 to DR3 hold what is written") {
    Bench bench;
    bench.protected_mode(0);
    for (unsigned i = 0; i < 4; ++i) {
        bench.state.attention = false;
        CHECK(bench.engine.write_debug(i, 0xfedcba90 + i) == Fault{});
        CHECK(bench.state.attention);
    }
    for (unsigned i = 0; i < 4; ++i) CHECK(debug(bench, i) == 0xfedcba90 + i);
}

TEST_CASE("fixed bits of DR6 and DR7") {
    Bench bench;
    bench.protected_mode(0);
    CHECK(debug(bench, 6) == 0xffff0ff0);
    CHECK(debug(bench, 7) == 0x00000400);
    for (unsigned bit = 0; bit < 32; ++bit) {
        if (bit == 13) continue;  // GD would fault from here on
        CAPTURE(bit);
        const u32 value = 1u << bit;
        CHECK(bench.engine.write_debug(6, value) == Fault{});
        CHECK(debug(bench, 6) == (0xffff0ff0 | (value & 0x0000e00f)));
        CHECK(bench.engine.write_debug(7, value) == Fault{});
        CHECK(debug(bench, 7) == (0x00000400 | (value & 0xffff03ff)));
    }
    CHECK(bench.engine.write_debug(6, 0xffffffff) == Fault{});
    CHECK(debug(bench, 6) == 0xffffefff);
    CHECK(bench.engine.write_debug(7, 0xffffffff) == Fault{});
    CHECK(bench.state.dr[7] == 0xffff27ff);
}

TEST_CASE("DR4 and DR5 are DR6 and DR7 unless CR4.DE") {
    Bench bench;
    bench.protected_mode(0);
    CHECK(bench.engine.write_debug(4, 0xf) == Fault{});
    CHECK(bench.engine.write_debug(5, 0x3) == Fault{});
    CHECK(bench.state.dr[6] == 0xffff0fff);
    CHECK(bench.state.dr[7] == 0x403);
    CHECK(debug(bench, 4) == 0xffff0fff);
    CHECK(debug(bench, 5) == 0x403);
    bench.state.cr4 |= kCr4De;
    u32 value = 0;
    for (const unsigned number : {4u, 5u}) {
        CHECK(bench.engine.read_debug(number, value) == Fault::invalid_opcode());
        CHECK(bench.engine.write_debug(number, 0) == Fault::invalid_opcode());
    }
    CHECK(debug(bench, 6) == 0xffff0fff);
    for (unsigned number = 8; number < 16; ++number) {
        CHECK(bench.engine.read_debug(number, value) == Fault::invalid_opcode());
        CHECK(bench.engine.write_debug(number, value) == Fault::invalid_opcode());
    }
}

TEST_CASE("#UD comes before #GP, and #GP before general detect") {
    Bench bench;
    bench.protected_mode(3);
    bench.state.dr[7] |= kDr7GeneralDetect;
    u32 value = 0;
    CHECK(bench.engine.read_debug(0, value) == Fault::general_protection());
    CHECK(bench.engine.write_debug(7, 0) == Fault::general_protection());
    bench.state.cr4 |= kCr4De;
    CHECK(bench.engine.read_debug(4, value) == Fault::invalid_opcode());
    CHECK(bench.state.dr[6] == 0xffff0ff0);
    CHECK(bench.state.dr[7] == (0x400 | kDr7GeneralDetect));
    bench.v86_mode(3);
    CHECK(bench.engine.read_debug(0, value) == Fault::general_protection());
}

TEST_CASE("general detect guards every debug register once") {
    for (unsigned number = 0; number < 8; ++number)
        for (const bool writes : {false, true}) {
            Bench bench;
            bench.protected_mode(0);
            bench.state.dr[6] = 0xffff4ff3;
            bench.state.dr[7] |= kDr7GeneralDetect;
            u32 value = 0x12345678;
            CAPTURE(number, writes);
            const auto access = [&] {
                return writes ? bench.engine.write_debug(number, 0)
                              : bench.engine.read_debug(number, value);
            };
            CHECK(access() == Fault::of(Vector::kDebug));
            CHECK(value == 0x12345678);
            CHECK(bench.state.dr[6] == 0xffff6ff0);  // BD; BS stays, B0..B3 are this event's
            CHECK(bench.state.dr[7] == 0x400);       // the handler may use the registers
            CHECK(bench.state.flag(kFlagRf));        // a fault, so RF is pushed as one
            CHECK(access() == Fault{});
        }
}

TEST_CASE("a data breakpoint holds from the next access on") {
    Bench bench;
    bench.protected_mode(0);
    const auto store = [&](u32 address) {
        bench.state.pending_debug = 0;
        CHECK(bench.engine.memory().write<u32>(SegmentName::kDs, address, 1) == Fault{});
        return bench.state.pending_debug;
    };
    CHECK(store(0x30000) == 0);
    CHECK(bench.engine.write_debug(2, 0x30000) == Fault{});
    CHECK(store(0x30000) == 0);
    CHECK(bench.engine.write_debug(7, 0x10 | 0x1u << 24) == Fault{});
    CHECK(store(0x30000) == 4);
    CHECK(store(0x30001) == 0);
    CHECK(bench.engine.write_debug(2, 0x30004) == Fault{});
    CHECK(store(0x30001) == 4);
    CHECK(bench.engine.write_debug(7, 0) == Fault{});
    CHECK(store(0x30001) == 0);
}

TEST_CASE("DR7's fields") {
    for (unsigned number = 0; number < 4; ++number)
        for (unsigned enables = 0; enables < 4; ++enables)
            for (unsigned condition = 0; condition < 16; ++condition) {
                const u64 dr7 = u64{enables} << 2 * number | u64{condition} << (16 + 4 * number);
                CAPTURE(number, enables, condition);
                const Breakpoint breakpoint = Breakpoint::of(dr7, number);
                CHECK(breakpoint.enabled == (enables != 0));
                CHECK(static_cast<unsigned>(breakpoint.kind) == (condition & 3));
                constexpr unsigned kLengths[] = {1, 2, 8, 4};
                CHECK(breakpoint.length == kLengths[condition >> 2]);
                for (unsigned other = 0; other < 4; ++other)
                    if (other != number) CHECK(!Breakpoint::of(dr7, other).enabled);
                CHECK(watches_execution(dr7) == (enables != 0 && (condition & 3) == 0));
            }
}

}  // namespace seventeen::privilege
