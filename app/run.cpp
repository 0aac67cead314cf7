// `seventeen run`: on which machine.
#include "app/run.h"

#include <cstdio>

#include "app/lockstep.h"
#include "app/pc_run.h"
#include "app/plan.h"

namespace seventeen::app {

int run_guest(const RunOptions& options) {
    if (options.command == Command::kLockstep) return run_lockstep(options);
    if (options.plan.machine == "bare") return run_bare(options);
    const MachinePlan plan = make_plan(options.plan);
    if (options.explain) {
        std::fputs(explain(plan).c_str(), stdout);
        return 0;
    }
    return PcRun(options, plan).run();
}

}  // namespace seventeen::app
