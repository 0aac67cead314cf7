// The guest's half of a comparison, against a written expectation.
#include "tests/oracle/replay.h"

#include <algorithm>

#include "tests/oracle/compare.h"
#include "tests/oracle/guest.h"

namespace seventeen::oracle {

Expectation::Expectation(const Case& test)
    : memory(test.memory), code_selector_(test.registers[SegmentName::kCs]) {
    outcome.registers = test.registers;
    outcome.registers.eip = kExit.base;
    outcome.registers[SegmentName::kCs] = kUserCode64;
}

void Expectation::poke(u32 address, const Bytes& bytes) {
    oracle::poke(memory, address, bytes.data(), bytes.size());
}

void Expectation::exception(u8 vector, u32 eip, u32 error_code) {
    outcome.kind = Outcome::Kind::kException;
    outcome.vector = vector;
    outcome.error_code = error_code;
    outcome.registers.eip = eip;
    outcome.registers[SegmentName::kCs] = code_selector_;
}

std::string replay(const Case& test, const Expectation& expected) {
    GuestCpu guest{{}};
    std::copy(test.memory.begin(), test.memory.end(), guest.memory().begin());
    guest.load_code(test.origin, test.code());
    const Outcome actual = guest.run(test.start());
    std::string text;
    for (const Difference& difference :
         differences({expected.outcome, expected.memory}, {actual, guest.memory()})) {
        text += difference.what + ": the host CPU has " + difference.expected + ", the guest " +
                difference.actual + "\n";
    }
    return text;
}

}  // namespace seventeen::oracle
