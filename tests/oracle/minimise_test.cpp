// A failing case shrinks to its cause. RDTSC serves as one: no guest has the host's time.
#include "tests/oracle/minimise.h"

#include "tests/oracle/host_fixture.h"
#include "tests/oracle/start_state.h"

namespace seventeen::oracle {
namespace {

const Bytes kIncrement{0x40};
const Bytes kReadTime{0x0f, 0x31};
const Bytes kNothing{0x90};

TEST_CASE("what does not matter goes") {
    const auto host = host_or_skip();
    if (!host) return;
    GuestCpu guest(
        {host->has_low(), host->exit_page(), host->descriptors(), host->has_local_segments()});
    Runner runner(*host, guest);
    const auto test = std::make_unique<Case>();
    Random random(1);
    randomise_registers(random, test->registers);
    test->registers.eflags &= ~(kFlagTf | kFlagAc);
    randomise_memory(random, test->memory);
    test->instructions = {kIncrement, kReadTime, kIncrement, kNothing};
    REQUIRE(runner.run(*test) == Verdict::kDifferent);
    CHECK(first_difference(runner, *test) == 1);
    minimise(runner, *test);
    CHECK(test->instructions == std::vector<Bytes>{kReadTime});
    CHECK(test->registers.gpr == std::array<u32, 8>{});
    CHECK(test->registers.eflags == (kFlagFixed | kFlagIf));
    CHECK(test->registers.fx.xmm == FxImage{}.xmm);
    CHECK(test->memory == MemoryImage{});
    CHECK_FALSE(runner.differences().empty());
}

TEST_CASE("the runner tells the same from the different and the endless") {
    const auto host = host_or_skip();
    if (!host) return;
    GuestCpu guest(
        {host->has_low(), host->exit_page(), host->descriptors(), host->has_local_segments()});
    Runner runner(*host, guest);
    const auto test = std::make_unique<Case>();
    test->instructions = {kIncrement};
    CHECK(runner.run(*test) == Verdict::kSame);
    CHECK(runner.host_outcome().registers[Gpr::kAx] == 1);
    test->instructions = {{0xeb, 0xfe}};
    CHECK(runner.run(*test) == Verdict::kHung);
    test->instructions = {kReadTime};
    CHECK(runner.run(*test) == Verdict::kDifferent);
}

}  // namespace
}  // namespace seventeen::oracle
