// Report: what a run tells at its end: the CPU's registers, why it stopped, the exit status.
#pragma once

#include <string>

#include "app/cpu_time.h"
#include "app/options.h"
#include "machine/platform.h"

namespace seventeen::app {

// On standard output.
void print_state(const CpuState& state);

std::string describe_speed(u64 retired, const CpuTime& time);
// On standard error: how far the run came from CpuState::retired at its `first`, what it cost, and
// what was asked for; the profile where there is one.
void print_reports(const ReportOptions& options, machine::Platform& platform, u64 first,
                   const translator::Profile* profile);

// Says on stderr how the run ended. The program's exit status: 0 for a run that ended by a limit,
// HLT or power-off, 1 for a triple fault, what the guest asked for when it wrote to the debug exit.
int report_stop(const machine::Platform& platform, machine::Stop stop);

}  // namespace seventeen::app
