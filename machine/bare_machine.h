// BareMachine: RAM, a CPU and the two debug ports, for programs that need nothing else.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "machine/machine.h"

namespace seventeen::machine {

struct BareMachineOptions {
    u64 memory = 64u << 20;
    std::string cpu = "max";
    TickRate rate;
    EngineOptions engine = {};
    // Where the debug console's text goes.
    std::function<void(char)> console = [](char) {};
};

class BareMachine final : public Machine, private InterruptAcknowledge {
  public:
    explicit BareMachine(const BareMachineOptions& options);

    Platform& platform() override { return platform_; }
    const Platform& platform() const override { return platform_; }
    // Firmware ends at 4 GiB, its last 128 KiB below 1 MiB too; the CPU starts at its reset vector.
    void load_firmware(std::vector<u8> image);
    // Real mode, CS:IP at `address`, which must lie below 1 MiB.
    void start_at(PhysicalAddress address);

  private:
    u8 acknowledge() override;

    Platform platform_;
    std::vector<u8> firmware_;
};

}  // namespace seventeen::machine
