// Replay: runs a case with the result the host CPU gave, for tests that need no host.
#pragma once

#include <string>

#include "tests/oracle/case.h"

namespace seventeen::oracle {

// What the host CPU made of a case; starts as the case's own start state, at the exit.
struct Expectation {
    Outcome outcome;
    MemoryImage memory;

    explicit Expectation(const Case& test);
    void poke(u32 address, const Bytes& bytes);
    void exception(u8 vector, u32 eip, u32 error_code = 0);

  private:
    u16 code_selector_;
};

// Runs the case in the guest: a line for each difference, empty where it does as the host did.
std::string replay(const Case& test, const Expectation& expected);

// The case and its expectation as the source text of a Catch2 test.
std::string as_test(const std::string& title, const Case& test, const Expectation& expected);

}  // namespace seventeen::oracle
