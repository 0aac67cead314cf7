// The debug exit: a write ends the run; the program's exit status is the value × 2 + 1.
#pragma once

#include <functional>

#include "core/device.h"

namespace seventeen::devices {

// QEMU's isa-debug-exit: guests built for it find the same exit status here.
class DebugExit final : public Device {
  public:
    using Listener = std::function<void(u32 value)>;

    explicit DebugExit(Listener listener) : listener_(std::move(listener)) {}

    std::string_view name() const override { return "debug exit"; }
    u64 read(unsigned, u64, Width) override { return 0; }
    void write(unsigned, u64, u64 value, Width) override { listener_(static_cast<u32>(value)); }

  private:
    Listener listener_;
};

}  // namespace seventeen::devices
