// Runs a machine as the command line asks and reports how it ended.
#pragma once

#include "app/options.h"

namespace seventeen::app {

// The program's exit status: report_stop()'s; with a script 0 where it came to its end, 3 where it
// did not.
int run_guest(const RunOptions& options);

int run_bare(const RunOptions& options);

}  // namespace seventeen::app
