// The debug console: every byte written to its port is text for the host; it reads as E9h.
#pragma once

#include <functional>

#include "core/device.h"

namespace seventeen::devices {

class DebugConsole final : public Device {
  public:
    using Sink = std::function<void(char)>;

    explicit DebugConsole(Sink sink) : sink_(std::move(sink)) {}

    std::string_view name() const override { return "debug console"; }
    // Bochs' convention: reading the port tells a guest that the console is there.
    u64 read(unsigned, u64, Width) override { return kPresent; }
    void write(unsigned, u64, u64 value, Width) override { sink_(static_cast<char>(value)); }

  private:
    static constexpr u64 kPresent = 0xe9;

    Sink sink_;
};

}  // namespace seventeen::devices
