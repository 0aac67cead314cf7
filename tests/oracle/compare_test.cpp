// Every value that is compared is found where it differs.
#include "tests/oracle/compare.h"

#include <catch2/catch.hpp>

#include <functional>

#include "core/fault.h"

namespace seventeen::oracle {
namespace {

struct Run {
    Outcome outcome;
    MemoryImage memory{};
};

std::vector<std::string> differing(const Run& a, const Run& b) {
    std::vector<std::string> names;
    for (const Difference& difference : differences({a.outcome, a.memory}, {b.outcome, b.memory}))
        names.push_back(difference.what);
    CHECK(same({a.outcome, a.memory}, {b.outcome, b.memory}) == names.empty());
    return names;
}

TEST_CASE("equal runs have no differences") {
    CHECK(differing({}, {}).empty());
}

TEST_CASE("each value counts") {
    struct Change {
        const char* what;
        std::function<void(Run&)> apply;
    };
    const Change changes[] = {
        {"outcome", [](Run& run) { run.outcome.kind = Outcome::Kind::kException; }},
        {"outcome", [](Run& run) { run.outcome.vector = 6; }},
        {"outcome", [](Run& run) { run.outcome.registers.eip = 1; }},
        {"error code", [](Run& run) { run.outcome.error_code = 1; }},
        {"CR2", [](Run& run) { run.outcome.fault_address = 1; }},
        {"ES", [](Run& run) { run.outcome.registers.selectors[0] = 0; }},
        {"GS", [](Run& run) { run.outcome.registers.selectors[5] = 0; }},
        {"EDI", [](Run& run) { run.outcome.registers[Gpr::kDi] = 1; }},
        {"EFLAGS", [](Run& run) { run.outcome.registers.eflags ^= kFlagAf; }},
        {"x87 control", [](Run& run) { run.outcome.registers.fx.control = 0; }},
        {"x87 status", [](Run& run) { run.outcome.registers.fx.status = 1; }},
        {"x87 valid", [](Run& run) { run.outcome.registers.fx.valid = 1; }},
        {"FOP", [](Run& run) { run.outcome.registers.fx.opcode = 1; }},
        {"FIP", [](Run& run) { run.outcome.registers.fx.instruction_pointer = 1; }},
        {"FCS", [](Run& run) { run.outcome.registers.fx.instruction_selector = 1; }},
        {"FDP", [](Run& run) { run.outcome.registers.fx.data_pointer = 1; }},
        {"FDS", [](Run& run) { run.outcome.registers.fx.data_selector = 1; }},
        {"ST(7)", [](Run& run) { run.outcome.registers.fx.st[7].significand = 1; }},
        {"ST(0)", [](Run& run) { run.outcome.registers.fx.st[0].sign_exponent = 1; }},
        {"MXCSR", [](Run& run) { run.outcome.registers.fx.mxcsr = 0; }},
        {"XMM7", [](Run& run) { run.outcome.registers.fx.xmm[7][1] = 1; }},
        {"memory 0x10011fff", [](Run& run) { run.memory[0x1fff] = 1; }},
    };
    for (const Change& change : changes) {
        Run changed;
        change.apply(changed);
        CHECK(differing({}, changed) == std::vector<std::string>{change.what});
    }
}

TEST_CASE("x87 pointers count as far as the host tells them") {
    Run host;
    Run guest;
    guest.outcome.registers.fx.opcode = 1;
    guest.outcome.registers.fx.instruction_selector = 1;
    host.outcome.pointers = Outcome::Pointers::kNoSelectors;
    CHECK(differing(host, guest) == std::vector<std::string>{"FOP"});
    host.outcome.pointers = Outcome::Pointers::kNone;
    CHECK(differing(host, guest).empty());
}

TEST_CASE("a page fault on the guest's own tables differs in its P bit") {
    Run host;
    host.outcome.kind = Outcome::Kind::kException;
    host.outcome.vector = static_cast<u8>(Vector::kPageFault);
    host.outcome.error_code = kPageFaultUser;
    host.outcome.fault_address = 0x2f000000;
    Run guest = host;
    guest.outcome.error_code |= kPageFaultPresent;
    CHECK(differing(host, guest).empty());
    host.outcome.fault_address = guest.outcome.fault_address = 0x30000000;
    CHECK(differing(host, guest) == std::vector<std::string>{"error code"});
}

TEST_CASE("EFLAGS says which flags differ") {
    Run changed;
    changed.outcome.registers.eflags ^= kFlagAf | kFlagOf;
    const Run unchanged;
    const auto found =
        differences({unchanged.outcome, unchanged.memory}, {changed.outcome, changed.memory});
    REQUIRE(found.size() == 1);
    CHECK(found[0].flags == (kFlagAf | kFlagOf));
}

}  // namespace
}  // namespace seventeen::oracle
