// CpuTime: what this process has cost the host so far.
#pragma once

namespace seventeen::app {

struct CpuTime {
    double user = 0;  // seconds
    double system = 0;
};

CpuTime cpu_time();

}  // namespace seventeen::app
