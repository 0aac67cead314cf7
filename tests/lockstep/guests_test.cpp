// Lockstep over the guest programs and benchmark kernels in roms/.
#include <catch2/catch.hpp>

#include "core/file.h"
#include "tests/lockstep/lockstep.h"

namespace seventeen::lockstep {

namespace {

Start guest_program(const std::string& name) {
    Start start;
    start.ram = u64{32} << 20;
    start.image = read_file(std::string(ROMS) + "/" + name + ".bin", start.ram);
    start.load_at = 0x10000;
    start.entry = 0x10000;
    return start;
}

void check_equal(const Result& result) {
    if (result.difference) {
        INFO("after " << result.difference->last_equal << ": " << result.difference->what << "\n"
                      << result.difference->test);
        FAIL();
    }
}

}  // namespace

TEST_CASE("Guest programs run alike") {
    for (const char* name : {"seventeen", "paging", "transfers"}) {
        for (const unsigned longest : {1u, 64u}) {
            CAPTURE(name, longest);
            Plan plan;
            plan.limit = 2'000'000;
            plan.longest_step = 5000;
            plan.memory_every = 10;
            plan.options.longest_block = longest;
            const Result result = run_in_lockstep(guest_program(name), plan);
            check_equal(result);
            CHECK(result.ended);
            CHECK(result.console.find(" passed, 0 failed") != std::string::npos);
        }
    }
}

TEST_CASE("Benchmark kernels run alike") {
    for (int kernel = 0; kernel <= 8; ++kernel) {
        CAPTURE(kernel);
        Start start;
        start.ram = u64{64} << 20;
        start.firmware = read_file(std::string(ROMS) + "/bench" + std::to_string(kernel) + ".rom",
                                   u64{16} << 20);
        Plan plan;
        plan.limit = 3'000'000;
        plan.longest_step = 100'000;
        plan.memory_every = 20;
        check_equal(run_in_lockstep(start, plan));
    }
}

}  // namespace seventeen::lockstep
