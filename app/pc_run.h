// PcRun: one `seventeen run` of a PC: the machine, its session, and what a person sees of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/assembly.h"
#include "app/console.h"
#include "app/monitor.h"
#include "app/network.h"
#include "app/options.h"
#include "app/profiler_linux.h"
#include "app/session.h"
#include "app/terminal.h"
#include "core/event_log.h"
#include "machine/pc.h"

namespace seventeen::app {

class PcRun {
  public:
    // Throws Error where something cannot be opened or does not go together.
    PcRun(const RunOptions& options, const MachinePlan& plan);

    // The program's exit status.
    int run();

  private:
    machine::PcOptions wired();
    void restore_or_replay();
    void show();
    MonitorLinks links();
    void save(const std::filesystem::path& file) const;
    void restore(const std::filesystem::path& file);
    void change(const std::string& drive, const std::string& file);
    std::string describe_images() const;
    void finish();
    int report(const Outcome& outcome);

    const RunOptions& options_;
    Assembly assembly_;
    Session::SerialBackends serial_;
    machine::Pc pc_;
    Session session_;
    u64 first_ = 0;  // CpuState::retired when the run began
    std::optional<Profiler> profiler_;
    EventLog recorded_;
    std::optional<Network> network_;
    std::optional<Terminal> terminal_;
    std::optional<Monitor> monitor_;
    std::optional<Console> console_;
};

}  // namespace seventeen::app
