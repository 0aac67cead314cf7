// print_difference NUMBER: runs random programs until the engine differs, and prints the test.
#include <cstdio>
#include <cstdlib>

#include "tests/lockstep/lockstep.h"
#include "tests/lockstep/random_program.h"

namespace seventeen::lockstep {

namespace {

constexpr RandomProgram kPrograms[] = {
    {Setting::kUser, 1, Diet::kFpu},
    {Setting::kReal, 2, Diet::kAll},
    {Setting::kCode16, 3, Diet::kTame},
};

int print(std::size_t number) {
    if (number >= std::size(kPrograms)) return EXIT_FAILURE;
    RandomProgram program = kPrograms[number];
    for (; program.seed < 20; ++program.seed) {
        Plan plan;
        plan.limit = 100'000;
        plan.seed = program.seed;
        plan.interrupts = 64;
        plan.vectors = 8;
        const Result result = run_in_lockstep(make_random_program(program), plan);
        if (!result.difference) continue;
        std::fputs(result.difference->test.c_str(), stdout);
        return result.difference->test.empty() ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    std::fputs("the engine's mistake was not found\n", stderr);
    return EXIT_FAILURE;
}

}  // namespace

}  // namespace seventeen::lockstep

int main(int argc, char** argv) {
    return seventeen::lockstep::print(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0);
}
