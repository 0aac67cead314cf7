// Profiler: interrupts this thread at each millisecond of its CPU time, and notes what it was
// doing.
#pragma once

#include <signal.h>
#include <time.h>

#include <memory>

#include "core/engine.h"
#include "core/types.h"
#include "translator/profile.h"
#include "translator/translator.h"

namespace seventeen::app {

class Profiler {
  public:
    static constexpr u64 kInterval = 1'000'000;  // nanoseconds of CPU time: a sample's weight

    // Starts at once, for the thread that calls it. One at a time in a thread. Throws Error where
    // the host has no timer to give.
    explicit Profiler(Engine& engine);
    ~Profiler();
    Profiler(const Profiler&) = delete;
    Profiler& operator=(const Profiler&) = delete;

    void stop();
    // Once it has stopped.
    const translator::Profile& profile() const { return *profile_; }

    // From the signal handler.
    void sample(const u8* code, u64 weight);

  private:
    bool was_in_kernel();

    translator::Translator* translator_;  // null: another engine
    std::unique_ptr<translator::Profile> profile_ = std::make_unique<translator::Profile>();
    s64 user_ = 0;  // microseconds, at the last sample
    s64 system_ = 0;
    bool running_ = false;
    timer_t timer_{};
    struct sigaction before_ {};
};

}  // namespace seventeen::app
