// Runs both sides and, where they differ, the host once more.
#include "tests/oracle/runner.h"

#include <algorithm>

namespace seventeen::oracle {

void Runner::run_on_host(const Case& test, const Registers& start) {
    std::copy(test.memory.begin(), test.memory.end(), host_.memory().begin());
    host_outcome_ = host_.run(start);
}

Verdict Runner::run(const Case& test) {
    constexpr int kAttempts = 4;
    const Registers start = test.start();
    const Bytes code = test.code();
    if (contains_system_call(code)) return Verdict::kHung;
    host_.load_code(test.origin, code);
    run_on_host(test, start);
    if (host_outcome_.kind == Outcome::Kind::kHung) return Verdict::kHung;
    guest_.load_code(test.origin, code);
    std::copy(test.memory.begin(), test.memory.end(), guest_.memory().begin());
    guest_outcome_ = guest_.run(start);
    for (int attempt = 1;; ++attempt) {
        const bool agree = same(host_result(), guest_result());
        exception_ = agree ? nullptr : find_exception(test, host_result(), guest_result());
        if (!agree && !exception_) {
            if (attempt == kAttempts) return Verdict::kDifferent;
            run_on_host(test, start);
            continue;
        }
        if (attempt > 1) ++disturbances_;
        return agree ? Verdict::kSame : Verdict::kExcused;
    }
}

std::vector<Difference> Runner::differences() const {
    return oracle::differences(host_result(), guest_result());
}

}  // namespace seventeen::oracle
