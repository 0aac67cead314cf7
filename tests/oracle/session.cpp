// The loop over cases and its printed report.
#include "tests/oracle/session.h"

#include <algorithm>
#include <cstdio>

#include "core/text.h"
#include "decoder/properties.h"
#include "tests/oracle/minimise.h"
#include "tests/oracle/replay.h"

namespace seventeen::oracle {

namespace {

constexpr unsigned kReachedExit = 256;

// Every case has a seed of its own, so that one can be repeated alone.
u64 case_seed(u64 seed, u64 number) {
    return Random(seed ^ (number + 1) * 0xd1342543de82ef95).next();
}

}  // namespace

Session::Session(const decoder::Decoder& decoder, Generator& generator, Runner& runner)
    : decoder_(decoder), generator_(generator), runner_(runner) {}

u64 Session::run(const Options& options) {
    const auto test = std::make_unique<Case>();
    for (u64 i = 0; i < options.count && different_ < options.stop_after; ++i) {
        const u64 number = options.first + i;
        generator_.make(case_seed(options.seed, number), *test);
        const Verdict verdict = runner_.run(*test);
        ++compared_;
        const Outcome& outcome = runner_.host_outcome();
        ++vectors_[outcome.kind == Outcome::Kind::kException ? outcome.vector : kReachedExit];
        switch (verdict) {
            case Verdict::kSame: break;
            case Verdict::kHung: ++hung_; break;
            case Verdict::kExcused: ++excused_[std::string(runner_.exception()->name)]; break;
            case Verdict::kDifferent:
                ++different_;
                report(options, number, *test);
                break;
        }
    }
    print_account(options);
    std::printf("%llu cases, %llu differences\n", static_cast<unsigned long long>(compared_),
                static_cast<unsigned long long>(different_));
    return different_;
}

std::string Session::name_of(const Case& test, const Bytes& bytes) const {
    decoder::Instruction instruction;
    const auto status = decoder_.decode(bytes, test.code_size(), instruction);
    const bool known = status == decoder::DecodeStatus::kOk;
    return known ? std::string(instruction.row().name) : "(undefined)";
}

bool Session::only_undefined_flags(const Case& test, const Bytes& bytes,
                                   const std::vector<Difference>& found) const {
    decoder::Instruction instruction;
    if (decoder_.decode(bytes, test.code_size(), instruction) != decoder::DecodeStatus::kOk)
        return false;
    const u32 undefined = decoder::flag_use(instruction).undefined;
    return std::all_of(found.begin(), found.end(), [undefined](const Difference& difference) {
        return difference.flags != 0 && !(difference.flags & ~undefined);
    });
}

// Prints the case in full where it is the first of its kind.
void Session::report(const Options& options, u64 number, const Case& test) {
    const std::vector<Difference> at_first = runner_.differences();
    const auto small = std::make_unique<Case>(test);
    const std::size_t culprit = first_difference(runner_, *small);
    small->instructions.resize(culprit + 1);
    const bool alone = runner_.run(*small) == Verdict::kDifferent;
    if (!alone) *small = test;  // a branch left the shortened case
    runner_.run(*small);
    const std::vector<Difference> found = runner_.differences();
    const std::string what =
        found.empty() ? at_first.front().what + ", but not again" : found.front().what;
    const bool harmless =
        !found.empty() && only_undefined_flags(test, test.instructions[culprit], found);
    const std::string group = name_of(test, test.instructions[culprit]) + ": " +
                              what.substr(0, what.find(found.empty() ? '\0' : ' ')) +
                              (harmless ? " (undefined flags only)" : "");
    if (groups_[group]++ != 0) return;
    minimise(runner_, *small);
    print_case(
        group + " (seed " + std::to_string(options.seed) + ", case " + std::to_string(number) + ")",
        *small);
}

void Session::print_case(const std::string& title, const Case& test) {
    std::printf("--- %s\n", title.c_str());
    u32 address = test.origin;
    for (const Bytes& bytes : test.instructions) {
        std::printf("%s ", hex(address).c_str());
        for (const u8 byte : bytes) std::printf(" %02x", byte);
        std::printf("  %s\n", name_of(test, bytes).c_str());
        address += static_cast<u32>(bytes.size());
    }
    for (const Difference& difference : runner_.differences())
        std::printf("%s: the host CPU has %s, the guest %s\n", difference.what.c_str(),
                    difference.expected.c_str(), difference.actual.c_str());
    Expectation expected(test);
    expected.outcome = runner_.host_outcome();
    const auto memory = runner_.host_memory();
    std::copy(memory.begin(), memory.end(), expected.memory.begin());
    std::printf("%s\n", as_test(title, test, expected).c_str());
    std::fflush(stdout);
}

void Session::print_account(const Options& options) const {
    const auto print = [](const char* what, const std::string& name, u64 count) {
        std::printf("%s %s: %llu\n", what, name.c_str(), static_cast<unsigned long long>(count));
    };
    for (const auto& [group, count] : groups_) print("differs", group, count);
    for (const auto& [name, count] : excused_) print("excused", name, count);
    if (hung_ != 0) print("skipped", "endless on the host", hung_);
    if (!options.verbose) return;
    for (const auto& [vector, count] : vectors_)
        print("ended", vector == kReachedExit ? "at the exit" : "by " + std::to_string(vector),
              count);
    print("repeated", "disturbed on the host", runner_.disturbances());
}

}  // namespace seventeen::oracle
