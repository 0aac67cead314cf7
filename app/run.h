// Runs a machine as the command line asks and reports how it ended.
#pragma once

#include "app/options.h"

namespace seventeen::app {

// The program's exit status: 0 for a run that ended by limit or HLT, 1 for a triple fault, what
// the guest asked for when it wrote to the debug exit port.
int run_guest(const RunOptions& options);

}  // namespace seventeen::app
