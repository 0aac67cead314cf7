// Host faults: SIGSEGV and SIGFPE that translated code raises, turned into callouts.
#pragma once

#include <optional>

#include "core/types.h"

namespace seventeen::translator {

struct HostFault {
    const u8* code = nullptr;  // the host instruction
    u64 address = 0;           // what it accessed (SIGSEGV)
    bool write = false;
    bool division = false;  // SIGFPE
};

class HostFaultHandler {
  public:
    struct Redirection {
        const u8* code = nullptr;  // where to go on …
        u64 r10 = 0;               // … and with what in r10
    };
    virtual ~HostFaultHandler() = default;
    // Nothing: the fault is none of translated code's. Called in a signal handler, while translated
    // code stands still.
    virtual std::optional<Redirection> host_fault(const HostFault& fault) = 0;
    // For the report of a fault that is nobody's but ours.
    struct Situation {
        bool translated = false;  // the host instruction is one of translated code's
        u32 eip = 0;              // the guest's, or where the block starts
        u64 retired = 0;          // when translated code was last left for C++
    };
    virtual Situation situation(const HostFault& fault) const = 0;
};

// Takes over the two signals of the process. What is none of translated code's is a fault of our
// own: it goes to whoever had the signal before or, where nobody had, ends the process, with a
// report on stderr.
// Called again, it takes them over again.
void install_host_fault_handlers();

// While it lives, this thread's faults are told to the handler.
class HostFaultScope {
  public:
    explicit HostFaultScope(HostFaultHandler& handler);
    ~HostFaultScope();
    HostFaultScope(const HostFaultScope&) = delete;
    HostFaultScope& operator=(const HostFaultScope&) = delete;

  private:
    HostFaultHandler* outer_;
};

}  // namespace seventeen::translator
