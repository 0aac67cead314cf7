// Replaying a written expectation, and writing one.
#include "tests/oracle/replay.h"

#include <catch2/catch.hpp>

namespace seventeen::oracle {
namespace {

// As the oracle printed it when BSF kept flags that the host clears.
TEST_CASE("BSF: EFLAGS (undefined flags only)", "[oracle]") {
    Case test;
    test.instructions = {{0x2e, 0xf, 0xbc, 0xd3}};
    Expectation host(test);
    host.outcome.registers.eflags = 0x246;
    CHECK(replay(test, host) == "");
}

// As it printed it when PUSH SS wrote two bytes.
TEST_CASE("PUSH_SEGMENT: memory", "[oracle]") {
    Case test;
    test.instructions = {{0x26, 0x16}};
    test.registers.gpr = {0x0, 0x0, 0x0, 0x0, 0x10020630, 0x0, 0x0, 0x0};
    test.poke(0x1002062f, {0xb8});
    Expectation host(test);
    host.outcome.registers.gpr = {0x0, 0x0, 0x0, 0x0, 0x1002062c, 0x0, 0x0, 0x0};
    host.poke(0x1002062c, {0x2b, 0x0, 0x0, 0x0});
    CHECK(replay(test, host) == "");
}

// As it printed it when ARPL asked for the right to write first.
TEST_CASE("ARPL: error", "[oracle]") {
    Case test;
    test.instructions = {{0x63, 0x14, 0x9}};
    Expectation host(test);
    host.exception(14, 0x10000000, 0x4);
    host.outcome.pointers = Outcome::Pointers::kNone;
    host.outcome.registers.eflags = 0x10202;
    CHECK(replay(test, host) == "");
}

// As it printed it when POP DS read two bytes of its four.
TEST_CASE("POP_SEGMENT: outcome", "[oracle]") {
    Case test;
    test.instructions = {{0x1f}};
    test.registers.gpr = {0x0, 0x0, 0x0, 0x0, 0x10020852, 0x0, 0x0, 0x0};
    test.registers.eflags = 0x40202;
    Expectation host(test);
    host.exception(17, 0x10000000, 0x0);
    host.outcome.pointers = Outcome::Pointers::kNone;
    host.outcome.registers.eflags = 0x50202;
    CHECK(replay(test, host) == "");
}

// As it printed it when CLFLUSH was refused in an execute-only segment.
TEST_CASE("CLFLUSH: outcome", "[oracle]") {
    Case test;
    test.instructions = {{0x2e, 0xf, 0xae, 0x3f}};
    test.registers.selectors = {0x2b, 0x27, 0x2b, 0x2b, 0x2b, 0x2b};
    Expectation host(test);
    CHECK(replay(test, host) == "");
}

// As it printed it when REP STOS ran past the single-step trap.
TEST_CASE("STOSB: outcome", "[oracle]") {
    Case test;
    test.instructions = {{0xf3, 0xaa}};
    test.registers.gpr = {0x0, 0x1f, 0x0, 0x0, 0x0, 0x0, 0x0, 0x10011936};
    test.registers.eflags = 0x302;
    Expectation host(test);
    host.exception(1, 0x10000000, 0x0);
    host.outcome.pointers = Outcome::Pointers::kNone;
    host.outcome.registers.gpr = {0x0, 0x1e, 0x0, 0x0, 0x0, 0x0, 0x0, 0x10011937};
    host.outcome.registers.eflags = 0x10302;  // RF as SDM 3B 17.3.1.1 has it
    CHECK(replay(test, host) == "");
}

// As it printed it when FXSAVE looked at its first byte first.
TEST_CASE("FXSAVE: CR2", "[oracle]") {
    Case test;
    test.instructions = {{0xf, 0xae, 0x87, 0x41, 0x25, 0x1, 0x10}};
    test.registers.gpr = {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x3f};
    Expectation host(test);
    host.exception(14, 0x10000000, 0x7);
    host.outcome.fault_address = 0x1001277f;
    host.outcome.pointers = Outcome::Pointers::kNone;
    host.outcome.registers.eflags = 0x10202;
    CHECK(replay(test, host) == "");
}

TEST_CASE("a wrong expectation is told line by line") {
    Case test;
    test.instructions = {{0x40}};
    Expectation wrong(test);
    CHECK(replay(test, wrong) == "EAX: the host CPU has 0x0, the guest 0x1\n");
}

TEST_CASE("a case prints as the test it is") {
    Case test;
    test.instructions = {{0xd9, 0xe8}, {0xf4}};
    test.registers[Gpr::kCx] = 2;
    test.registers.fx.xmm[3] = {4, 5};
    test.poke(kData.base, {1, 0, 3});
    Expectation host(test);
    host.exception(13, kCode.base + 2);
    host.outcome.registers.eflags = 0x10202;
    host.outcome.registers.fx.st[0] = {0x8000000000000000, 0x3fff, {}};
    host.poke(kStack.base, {9});
    CHECK(as_test("name", test, host) == R"(TEST_CASE("name", "[oracle]") {
    Case test;
    test.instructions = {{0xd9, 0xe8}, {0xf4}};
    test.registers.gpr = {0x0, 0x2, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0};
    test.registers.fx.xmm[3] = {0x4, 0x5};
    test.poke(0x10010000, {0x1, 0x0, 0x3});
    Expectation host(test);
    host.exception(13, 0x10000002, 0x0);
    host.outcome.registers.eflags = 0x10202;
    host.outcome.registers.fx.st[0] = {0x8000000000000000, 0x3fff, {}};
    host.poke(0x10020000, {0x9});
    CHECK(replay(test, host) == "");
}
)");
}

}  // namespace
}  // namespace seventeen::oracle
