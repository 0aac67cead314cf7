// Engine: runs a CPU until an exact instruction count or an exit.
#pragma once

#include <string_view>

#include "core/types.h"

namespace seventeen {

// Why an engine came back.
enum class Exit : u8 {
    kTarget,     // CpuState::retired reached the target
    kAttention,  // CpuState::attention was raised: look at lines, events and targets again
    kHalted,     // HLT, and nothing is pending that would wake the CPU
    kShutdown,   // a triple fault: only RESET or INIT helps
};

class Engine {
  public:
    virtual ~Engine() = default;
    virtual std::string_view name() const = 0;
    // Runs until CpuState::retired equals `target` exactly, or until another exit comes first. A
    // repeated string instruction counts one for each iteration and can stop between two.
    virtual Exit run(u64 target) = 0;
    // Forgets everything derived from CpuState and memory: both were replaced (snapshot, reset).
    virtual void reset() = 0;
};

// Who answers the CPU's interrupt-acknowledge cycle.
class InterruptAcknowledge {
  public:
    virtual ~InterruptAcknowledge() = default;
    virtual u8 acknowledge() = 0;
};

}  // namespace seventeen
