// The guest's half of a comparison, against a written expectation.
#include "tests/oracle/replay.h"

#include <algorithm>

#include "tests/oracle/compare.h"
#include "tests/oracle/guest.h"

namespace seventeen::oracle {

Expectation::Expectation(const Case& test) : memory(test.memory) {
    outcome.registers = test.registers;
    outcome.registers.eip = kExit.base;
}

void Expectation::poke(u32 address, const Bytes& bytes) {
    oracle::poke(memory, address, bytes.data(), bytes.size());
}

void Expectation::exception(u8 vector, u32 eip, u32 error_code) {
    outcome.kind = Outcome::Kind::kException;
    outcome.vector = vector;
    outcome.error_code = error_code;
    outcome.registers.eip = eip;
    outcome.selectors[static_cast<unsigned>(SegmentName::kCs)] = kUserCode32;
}

std::string replay(const Case& test, const Expectation& expected) {
    GuestCpu guest{{}};
    std::copy(test.memory.begin(), test.memory.end(), guest.memory().begin());
    guest.load_code(test.origin, test.code());
    Registers start = test.registers;
    start.eip = test.origin;
    const Outcome actual = guest.run(start);
    std::string text;
    for (const Difference& difference :
         differences({expected.outcome, expected.memory}, {actual, guest.memory()})) {
        text += difference.what + ": the host CPU has " + difference.expected + ", the guest " +
                difference.actual + "\n";
    }
    return text;
}

}  // namespace seventeen::oracle
