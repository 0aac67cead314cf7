// Runner: a case on the host CPU and in the guest, and what became of it.
#pragma once

#include <memory>
#include <vector>

#include "tests/oracle/compare.h"
#include "tests/oracle/exceptions.h"
#include "tests/oracle/guest.h"
#include "tests/oracle/native_linux.h"

namespace seventeen::oracle {

enum class Verdict : u8 {
    kSame,
    kHung,     // loops for ever on the host, or must not run there: nothing to compare
    kExcused,  // differs, in a way that exceptions.cpp has a row for
    kDifferent,
};

class Runner {
  public:
    Runner(NativeCpu& host, GuestCpu& guest) : host_(host), guest_(guest) {}

    Verdict run(const Case& test);

    // Of the last run.
    const Outcome& host_outcome() const { return host_outcome_; }
    std::span<const u8, kMemorySize> host_memory() const { return host_.memory(); }
    std::vector<Difference> differences() const;
    const Exception* exception() const { return exception_; }

    // How often the host contradicted itself: an interrupt came in between (the kernel's context
    // switch loses x87 pointers, its signal return loses EFLAGS.ID).
    u64 disturbances() const { return disturbances_; }

  private:
    void run_on_host(const Case& test, const Registers& start);
    Result host_result() const { return {host_outcome_, host_.memory()}; }
    Result guest_result() const { return {guest_outcome_, guest_.memory()}; }

    NativeCpu& host_;
    GuestCpu& guest_;
    Outcome host_outcome_, guest_outcome_;
    const Exception* exception_ = nullptr;
    u64 disturbances_ = 0;
};

}  // namespace seventeen::oracle
