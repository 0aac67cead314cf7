// Guest: one CPU with RAM, a debug console and a debug exit, run by any of our engines.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bus.h"
#include "core/cpu_state.h"
#include "core/device.h"
#include "core/engine.h"
#include "core/scheduler.h"
#include "mmu/mmu.h"
#include "privilege/privilege_engine.h"

namespace seventeen::lockstep {

// How a guest starts; copied into each of the machines that are compared.
struct Start {
    std::string model = "max";
    u64 ram = u64{1} << 20;
    std::vector<u8> image;
    u32 load_at = 0;
    std::vector<u8> firmware;  // ends at 4 GiB and at 1 MiB; the CPU starts at its reset vector
    u32 entry = 0;             // without firmware: real mode, below 1 MiB
    bool wakes = false;        // a halted CPU is interrupted, if it listens
    bool bus_master = false;   // a chip writes memory when it is told to
    u8 vector = 0;             // of an interrupt that `prepare` leaves pending
    // Last: whatever else a test wants to prepare.
    std::function<void(CpuState& state, mmu::PhysicalMemory& memory)> prepare;
};

class Guest final : private InterruptAcknowledge, private Device {
  public:
    using MakeEngine =
        std::function<std::unique_ptr<Engine>(CpuState&, mmu::Mmu&, privilege::PrivilegeEngine&)>;

    Guest(const Start& start, const MakeEngine& make_engine);

    CpuState& state() { return state_; }
    const CpuState& state() const { return state_; }
    mmu::PhysicalMemory& memory() { return memory_; }
    u8 vector() const { return vector_; }  // of the last interrupt
    std::span<const u8> ram() const { return memory_.ram(); }
    mmu::Mmu& mmu() { return mmu_; }
    Bus& ports() { return ports_; }
    Engine& engine() { return *engine_; }
    const std::string& console() const { return console_; }
    // HLT without an interrupt to come, shutdown, or a write to the debug exit.
    bool ended() const { return ended_; }
    u32 exit_value() const { return exit_value_; }

    // The bus master puts a command's low byte into memory at the address in the bits above. A
    // command is a dword that is written to the port or the address, or how far behind that a byte
    // is read.
    static constexpr u16 kBusMasterPort = 0x98;
    static constexpr u32 kBusMasterAddress = 0xc000'0000;
    static constexpr u32 bus_master_command(u32 address, u8 byte) { return address << 8 | byte; }

    // Runs until CpuState::retired is `target`, or the guest has ended.
    void run(u64 target);
    // The interrupt line, and the vector it brings; it falls when the CPU acknowledges.
    void raise_interrupt(u8 vector);
    // Takes over CPU state and RAM of a guest with the same Start.
    void copy_from(const Guest& other);

  private:
    bool stays_halted();
    void command_bus_master(u64 command);
    u8 acknowledge() override;
    std::string_view name() const override { return "console, exit and bus master"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;

    static constexpr u16 kConsolePort = 0xe9;
    static constexpr u16 kExitPort = 0xf4;

    privilege::CpuModel model_;
    CpuState state_;
    Bus ports_{"port", 0x10000};
    Bus mmio_{"memory", u64{1} << 36};
    Scheduler scheduler_{state_.retired, state_.attention};
    mmu::PhysicalMemory memory_;
    mmu::Mmu mmu_{state_, memory_};
    privilege::PrivilegeEngine privilege_;
    std::vector<u8> firmware_;
    bool wakes_ = false;
    std::unique_ptr<Engine> engine_;
    std::string console_;
    u8 vector_ = 0;
    bool ended_ = false;
    u32 exit_value_ = 0;
};

}  // namespace seventeen::lockstep
