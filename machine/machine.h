// Machine: owns one CPU, its memory and its chips, and runs them in virtual time.
//
// The initialiser list in machine.cpp is the block diagram. The run loop alternates between the
// engine, which runs to the exact instruction at which the next event is due, and the events.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/bus.h"
#include "core/cpu_state.h"
#include "core/engine.h"
#include "core/scheduler.h"
#include "devices/debug_console.h"
#include "devices/debug_exit.h"
#include "interpreter/interpreter.h"
#include "mmu/mmu.h"
#include "privilege/privilege_engine.h"

namespace seventeen::machine {

struct MachineOptions {
    u64 memory = 64u << 20;
    std::string cpu = "max";
    TickRate rate;
    // Where the debug console's text goes.
    std::function<void(char)> console = [](char) {};
};

// Why a run ended.
enum class Stop : u8 {
    kLimit,        // the instruction limit was reached
    kExit,         // the guest wrote to the debug exit port
    kHalted,       // HLT with nothing that could ever wake the CPU
    kTripleFault,  // the CPU shut down
};

class Machine final : private InterruptAcknowledge {
  public:
    explicit Machine(MachineOptions options);

    // Firmware ends at 4 GiB, its last 128 KiB below 1 MiB too; the CPU starts at its reset vector.
    void load_firmware(std::vector<u8> image);
    // Bytes in RAM. Throws Error where they do not fit.
    void load_raw(PhysicalAddress address, std::span<const u8> bytes);
    // Real mode, CS:IP at `address`, which must lie below 1 MiB.
    void start_at(PhysicalAddress address);

    // Runs until CpuState::retired is `limit` or something else stops it.
    Stop run(u64 limit);
    u32 exit_value() const { return exit_value_; }

    const CpuState& cpu() const { return state_; }
    // A fingerprint of all RAM and architectural CPU state.
    u64 digest() const;

  private:
    u8 acknowledge() override;
    bool skip_idle_time();

    MachineOptions options_;
    privilege::CpuModel model_;  // without what this board lacks
    CpuState state_;
    Scheduler scheduler_;
    Bus ports_;
    Bus mmio_;
    mmu::PhysicalMemory memory_;
    mmu::Mmu mmu_;
    privilege::PrivilegeEngine privilege_;
    interpreter::Interpreter interpreter_;
    devices::DebugConsole debug_console_;
    devices::DebugExit debug_exit_;
    std::vector<u8> firmware_;
    bool exit_requested_ = false;
    u32 exit_value_ = 0;
};

}  // namespace seventeen::machine
