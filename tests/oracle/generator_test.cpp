// Random cases: reproducible, safe, and mostly alive.
#include "tests/oracle/generator.h"

#include "tests/oracle/host_fixture.h"
#include "tests/oracle/runner.h"

namespace seventeen::oracle {
namespace {

constexpr u64 kCases = 2000;

TEST_CASE("a seed makes the same case again") {
    const auto host = host_or_skip();
    if (!host) return;
    const decoder::Decoder decoder;
    Generator generator(decoder, *host);
    const auto first = std::make_unique<Case>();
    const auto second = std::make_unique<Case>();
    for (u64 seed = 0; seed < 50; ++seed) {
        generator.make(seed, *first);
        generator.make(seed + 1, *second);  // something in between
        generator.make(seed, *second);
        CHECK(first->instructions == second->instructions);
        CHECK(first->registers.gpr == second->registers.gpr);
        CHECK(first->registers.selectors == second->registers.selectors);
        CHECK(first->registers.fx.xmm == second->registers.fx.xmm);
        CHECK(first->memory == second->memory);
    }
}

TEST_CASE("the host CPU repeats itself, and most cases reach their end") {
    const auto host = host_or_skip();
    if (!host) return;
    const decoder::Decoder decoder;
    Generator generator(decoder, *host);
    const auto test = std::make_unique<Case>();
    u64 completed = 0;
    u64 repeated = 0;
    for (u64 seed = 0; seed < kCases; ++seed) {
        generator.make(seed, *test);
        CHECK_FALSE(contains_system_call(test->code()));
        const Registers start = test->start();
        host->load_code(test->origin, test->code());
        const auto run = [&] {
            std::copy(test->memory.begin(), test->memory.end(), host->memory().begin());
            return host->run(start);
        };
        const Outcome first = run();
        const auto memory = std::make_unique<MemoryImage>();
        std::copy(host->memory().begin(), host->memory().end(), memory->begin());
        const Outcome second = run();
        if (same({first, *memory}, {second, host->memory()})) ++repeated;
        if (first.kind == Outcome::Kind::kCompleted) ++completed;
    }
    CHECK(completed > kCases / 2);
    CHECK(repeated > kCases * 99 / 100);  // an interrupt may disturb one
}

TEST_CASE("a restricted generator stays in its family, prefixes apart") {
    const auto host = host_or_skip();
    if (!host) return;
    const decoder::Decoder decoder;
    Generator generator(decoder, *host);
    generator.restrict_to(generator.catalogue().find("shift"));
    const auto test = std::make_unique<Case>();
    u64 shifts = 0;
    for (u64 seed = 0; seed < 100; ++seed) {
        generator.make(seed, *test);
        decoder::Instruction last;
        if (decoder.decode(test->instructions.back(), decoder::CodeSize::k32, last) ==
            decoder::DecodeStatus::kOk)
            shifts += last.row().family == decoder::Family::kShift;
    }
    CHECK(shifts > 90);
    CHECK(generator.catalogue().find("no such family") == nullptr);
}

}  // namespace
}  // namespace seventeen::oracle
