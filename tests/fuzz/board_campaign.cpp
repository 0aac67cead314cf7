// seventeen-board-fuzz N [--seed S]: N random operations on PCs, best under the sanitizers.
//
// Every round of operations has a machine and a seed of its own, S, S + 1, …, so that a failure is
// repeated by the round alone. With --verbose every operation is announced before it begins.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <string_view>

#include "tests/fuzz/board_operations.h"
#include "tests/fuzz/board_snapshots.h"

namespace seventeen::fuzz {
namespace {

constexpr u64 kRound = 100'000;
constexpr u32 kSnapshotEach = 50'000;  // operations, on average
constexpr double kHang = 1.0;          // seconds of the processor's time

struct Arguments {
    u64 operations = 0;
    u64 seed = 17;
    bool verbose = false;
    bool valid = false;
};

bool parse(const char* text, u64& number) {
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, number);
    return error == std::errc() && rest == end;
}

Arguments parse_arguments(int argc, char** argv) {
    Arguments arguments;
    bool good = argc >= 2 && parse(argv[1], arguments.operations);
    for (int i = 2; good && i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--verbose")
            arguments.verbose = true;
        else
            good = option == "--seed" && ++i < argc && parse(argv[i], arguments.seed);
    }
    arguments.valid = good;
    return arguments;
}

struct Tally {
    u64 operations = 0;
    u64 snapshots = 0;
    double slowest = 0;
    unsigned hangs = 0;
};

double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void run_round(u64 seed, u64 operations, bool verbose, Tally& tally) {
    SeededChoices choices(seed);
    Board board(seed);
    for (u64 i = 0; i < operations; ++i) {
        if (verbose)
            std::fprintf(stderr, "seed %ju, operation %ju\n", uintmax_t{seed}, uintmax_t{i});
        if (choices.one_in(kSnapshotEach)) {
            check_snapshot(board, choices);
            damage_snapshot(board, choices);
            ++tally.snapshots;
        }
        const double start = processor_seconds();
        operate(board, choices);
        const double took = processor_seconds() - start;
        tally.slowest = std::max(tally.slowest, took);
        if (took > kHang) {
            ++tally.hangs;
            std::printf("HANG: seed %ju, operation %ju took %.1f s\n", uintmax_t{seed},
                        uintmax_t{i}, took);
        }
        ++tally.operations;
    }
}

int campaign(const Arguments& arguments) {
    const auto start = std::chrono::steady_clock::now();
    Tally tally;
    u64 seed = arguments.seed;
    for (; tally.operations < arguments.operations; ++seed) {
        std::printf("seed %ju\n", uintmax_t{seed});
        std::fflush(stdout);
        run_round(seed, std::min(kRound, arguments.operations - tally.operations),
                  arguments.verbose, tally);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%ju operations, %ju snapshots, %.0f s, slowest operation %.3f s, %u hangs\n",
                uintmax_t{tally.operations}, uintmax_t{tally.snapshots}, took.count(),
                tally.slowest, tally.hangs);
    return tally.hangs != 0;
}

}  // namespace
}  // namespace seventeen::fuzz

int main(int argc, char** argv) {
    const auto arguments = seventeen::fuzz::parse_arguments(argc, argv);
    if (!arguments.valid) {
        std::fprintf(stderr, "usage: %s OPERATIONS [--seed S] [--verbose]\n", argv[0]);
        return 2;
    }
    try {
        return seventeen::fuzz::campaign(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "an operation threw: %s\n", error.what());
        return 1;
    }
}
