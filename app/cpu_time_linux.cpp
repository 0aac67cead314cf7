// The process's CPU time as the kernel accounts for it.
#include <sys/resource.h>

#include "app/cpu_time.h"

namespace seventeen::app {

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

CpuTime cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

}  // namespace seventeen::app
