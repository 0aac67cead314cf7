// Occupation: what this thread is doing for the machine, for a profiler that interrupts it.
//
// The few places where the work changes its kind say so with an Occupied on the stack: a load and
// two stores of one byte. Only a signal handler on the same thread ever looks.
#pragma once

#include <atomic>

#include "core/types.h"

namespace seventeen {

enum class Occupation : u8 {
    kHost,           // none of the machine's work: the session, the screen
    kMachine,        // the board's run loop
    kDevices,        // a chip is accessed, or its event is due
    kInterpreter,    // instructions outside of translated code
    kCode,           // translated code
    kDispatch,       // the translator: which block is next
    kTranslation,    // a block is made
    kWrittenCode,    // a page with blocks was written
    kPrivilegeCall,  // one instruction of a block by the interpreter: sensitive or privileged
    kPortCall,       // … IN, OUT, INS, OUTS
    kStringCall,     // … a string instruction
    kFpuCall,        // … x87, MMX, SSE
    kOtherCall,      // … any other, mostly for its access to memory
    kDelivery,       // an exception or an interrupt enters its handler
    kPaging,         // a page walk, or a page table was written
    kWindows,        // windows are filled and emptied
    kSignals,        // a fault of translated code, in the host's kernel or our handler
    kSwitch,         // between translated code and C++
    kCount,
};

class Occupied {
  public:
    explicit Occupied(Occupation occupation) : before_(current()) { set(occupation); }
    ~Occupied() { set(before_); }
    Occupied(const Occupied&) = delete;
    Occupied& operator=(const Occupied&) = delete;

    // Of this thread.
    static Occupation current() { return t_current.load(std::memory_order_relaxed); }

  private:
    static void set(Occupation occupation) {
        t_current.store(occupation, std::memory_order_relaxed);
    }

    // A signal handler has no other way to know.
    inline static thread_local constinit std::atomic<Occupation> t_current{Occupation::kHost};

    Occupation before_;
};

}  // namespace seventeen
