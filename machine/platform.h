// Platform: a CPU with its memory, its buses and its clock, and the loop that runs them.
//
// What every board is built on. The loop alternates between the engine, which runs to the exact
// instruction at which the next event is due, and the events. Chips are registered in the order in
// which they are reset, saved and restored.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/bus.h"
#include "core/cpu_state.h"
#include "core/engine.h"
#include "core/scheduler.h"
#include "devices/debug_console.h"
#include "devices/debug_exit.h"
#include "mmu/mmu.h"
#include "privilege/privilege_engine.h"
#include "translator/translator.h"

namespace seventeen::machine {

// Why a run ended.
enum class Stop : u8 {
    kLimit,        // the limit was reached
    kExit,         // the guest wrote to the debug exit port
    kPowerOff,     // the guest switched the machine off
    kHalted,       // HLT with nothing that could ever wake the CPU but an input
    kTripleFault,  // the CPU shut down, and the board does not reset it
};

// A run ends at whichever comes first.
struct RunLimit {
    u64 retired = ~u64{0};  // CpuState::retired
    u64 ticks = ~u64{0};    // virtual time: what is skipped while the CPU is idle counts, too
};

enum class EngineKind : u8 { kInterpreter, kTranslator };

// Which engine runs the CPU, and how.
struct EngineOptions {
    EngineKind kind = EngineKind::kInterpreter;
    translator::TranslatorOptions translator;
};

struct PlatformOptions {
    u64 memory = 64u << 20;
    privilege::CpuModel model;  // the CPU as the board has it
    TickRate rate;
    EngineOptions engine = {};
    std::function<void(char)> console = [](char) {};  // where the debug console's text goes
};

class Platform {
  public:
    Platform(const PlatformOptions& options, InterruptAcknowledge& interrupts);

    const privilege::CpuModel& model() const { return model_; }
    CpuState& cpu() { return state_; }
    const CpuState& cpu() const { return state_; }
    Scheduler& scheduler() { return scheduler_; }
    const Scheduler& scheduler() const { return scheduler_; }
    Bus& ports() { return ports_; }
    const Bus& ports() const { return ports_; }
    Bus& mmio() { return mmio_; }
    const Bus& mmio() const { return mmio_; }
    mmu::PhysicalMemory& memory() { return memory_; }
    const mmu::PhysicalMemory& memory() const { return memory_; }
    mmu::Mmu& mmu() { return mmu_; }
    privilege::PrivilegeEngine& privilege() { return privilege_; }

    Engine& engine() { return *engine_; }

    void add(Device& chip) { chips_.push_back(&chip); }
    // Bytes in RAM. Throws Error where they do not fit.
    void load_raw(PhysicalAddress address, std::span<const u8> bytes);

    Stop run(const RunLimit& limit);
    // What a chip wants done once the current instruction has retired.
    void request_stop(Stop stop);
    void request_reset();  // RESET: every chip and the CPU
    void request_init();   // INIT: the CPU alone
    // What a triple fault leads to; unless told otherwise, the end of the run.
    void on_triple_fault(std::function<void()> response) { triple_fault_ = std::move(response); }
    // HLT, and neither an event nor an interrupt could end it; an input still might.
    bool dead() const;
    // The board's part of RESET, once CPU and chips have done theirs.
    void on_reset(std::function<void()> listener) { reset_done_ = std::move(listener); }
    u64 resets() const { return resets_; }  // since the machine was switched on
    // What the guest wrote to the debug exit, after Stop::kExit.
    u32 exit_value() const { return exit_value_; }

    // A fingerprint of all RAM and architectural CPU state.
    u64 digest() const;
    // CPU, clock, RAM and chips.
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    std::unique_ptr<Engine> make_engine(const EngineOptions& options);
    bool reached(const RunLimit& limit) const;
    void serve_requests();
    bool skip_idle_time(u64 ticks);
    void reset();
    void initialize_cpu();
    void save_requests(Writer& writer) const;
    void restore_requests(Reader& reader);
    void save_ram(Writer& writer) const;
    void restore_ram(Reader& reader);

    const privilege::CpuModel model_;
    CpuState state_;
    Scheduler scheduler_;
    Bus ports_;
    Bus mmio_;
    mmu::PhysicalMemory memory_;
    mmu::Mmu mmu_;
    privilege::PrivilegeEngine privilege_;
    std::unique_ptr<Engine> engine_;
    devices::DebugConsole debug_console_;
    devices::DebugExit debug_exit_;
    std::vector<Device*> chips_;
    std::optional<Stop> stop_;
    bool reset_wanted_ = false;
    bool init_wanted_ = false;
    std::function<void()> triple_fault_;
    std::function<void()> reset_done_ = [] {};
    u64 resets_ = 0;
    u32 exit_value_ = 0;
};

}  // namespace seventeen::machine
