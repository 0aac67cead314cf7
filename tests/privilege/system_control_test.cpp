// Tests of LGDT, LIDT, INVLPG, WBINVD, HLT, RDTSC and RDPMC.
#include "privilege/time_stamp.h"
#include "tests/privilege/fixture.h"

namespace seventeen::privilege {

TEST_CASE("privileged instructions need CPL 0") {
    for (unsigned cpl = 0; cpl < 4; ++cpl) {
        Bench bench;
        bench.protected_mode(0);
        bench.state.cpl = static_cast<u8>(cpl);
        bench.state.attention = false;
        CAPTURE(cpl);
        const Fault expected = cpl == 0 ? Fault{} : Fault::general_protection();
        const DescriptorTable before = bench.state.idtr;
        CHECK(bench.engine.require_supervisor() == expected);
        CHECK(bench.engine.load_descriptor_table(bench.state.idtr, 0x12345678, 0x9abc) == expected);
        CHECK(bench.state.idtr == (cpl == 0 ? DescriptorTable{0x12345678, 0x9abc} : before));
        CHECK(bench.engine.invalidate_page({0x1000}) == expected);
        CHECK(bench.engine.write_back_caches() == expected);
        CHECK(bench.state.activity == Activity::kRunning);
        CHECK(bench.engine.halt() == expected);
        CHECK((bench.state.activity == Activity::kHalted) == (cpl == 0));
        CHECK(bench.state.attention == (cpl == 0));
    }
    Bench bench;
    bench.v86_mode(3);
    CHECK(bench.engine.halt() == Fault::general_protection());
    bench.real_mode();
}

TEST_CASE("RDTSC counts nanoseconds of virtual time") {
    Bench bench;
    bench.real_mode();
    bench.state.retired = 5'000;
    u64 value = 0;
    CHECK(bench.engine.read_time_stamp(value) == Fault{});
    CHECK(value == bench.scheduler.now());
    CHECK(value == 5'000);
    bench.scheduler.set_rate({1, 4});
    bench.state.retired += 1'000;
    CHECK(bench.engine.read_time_stamp(value) == Fault{});
    CHECK(value == 5'250);
    set_time_stamp(bench.state, bench.scheduler, 7);
    CHECK(bench.engine.read_time_stamp(value) == Fault{});
    CHECK(value == 7);
    bench.state.retired += 400;
    CHECK(bench.engine.read_time_stamp(value) == Fault{});
    CHECK(value == 107);
}

TEST_CASE("CR4.TSD keeps RDTSC, and CR4.PCE gives RDPMC, by CPL") {
    for (unsigned cpl = 0; cpl < 4; ++cpl)
        for (const u64 cr4 : {u64{0}, kCr4Tsd, kCr4Pce, kCr4Tsd | kCr4Pce}) {
            Bench bench;
            bench.protected_mode(0);
            bench.state.cpl = static_cast<u8>(cpl);
            bench.state.cr4 = cr4;
            CAPTURE(cpl, cr4);
            u64 value = 0;
            const Fault refused = Fault::general_protection();
            CHECK(bench.engine.read_time_stamp(value) ==
                  (cpl && (cr4 & kCr4Tsd) ? refused : Fault{}));
            const bool counters = cpl == 0 || (cr4 & kCr4Pce);
            for (const u32 index : {0u, 1u})
                CHECK(bench.engine.read_performance_counter(index, value) ==
                      (counters ? Fault{} : refused));
            for (const u32 index : {2u, 0x40000000u, 0xffffffffu})
                CHECK(bench.engine.read_performance_counter(index, value) == refused);
        }
}

}  // namespace seventeen::privilege
