// A timer on the thread's CPU clock, and its signal.
//
// The host's kernel looks at such timers at its own ticks, every 1 to 10 ms; a signal then stands
// for as many intervals as have passed (si_overrun).
#include "app/profiler_linux.h"

#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace seventeen::app {

namespace {

// A signal handler has no other way to know whom to tell.
thread_local Profiler* t_profiler = nullptr;

void on_signal(int, siginfo_t* info, void* raw) {
    const int error = errno;
    const auto* context = static_cast<const ucontext_t*>(raw);
    // SAFETY: an address to look up.
    const auto* code = reinterpret_cast<const u8*>(context->uc_mcontext.gregs[REG_RIP]);
    const u64 weight = 1 + static_cast<u64>(info->si_overrun > 0 ? info->si_overrun : 0);
    if (t_profiler) t_profiler->sample(code, weight);
    errno = error;
}

s64 microseconds(const timeval& time) {
    return s64{time.tv_sec} * 1'000'000 + time.tv_usec;
}

}  // namespace

Profiler::Profiler(Engine& engine) : translator_(dynamic_cast<translator::Translator*>(&engine)) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) != 0)
        throw Error(std::string("--profile: the host has no timer for it: ") +
                    std::strerror(errno));
    running_ = true;
    t_profiler = this;
    struct sigaction action {};
    action.sa_sigaction = &on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGPROF, &action, &before_);
    was_in_kernel();
    const itimerspec interval{{0, kInterval}, {0, kInterval}};
    timer_settime(timer_, 0, &interval, nullptr);
}

Profiler::~Profiler() {
    stop();
}

void Profiler::stop() {
    if (!running_) return;
    running_ = false;
    timer_delete(timer_);
    t_profiler = nullptr;
    sigaction(SIGPROF, &before_, nullptr);
}

void Profiler::sample(const u8* code, u64 weight) {
    translator::Sample sample;
    sample.occupation = Occupied::current();
    sample.weight = weight;
    sample.kernel = was_in_kernel();
    if (translator_) translator_->locate(sample, code);
    profile_->add(sample);
}

// The kernel charges a whole tick to what it interrupts, and tells the timer in the same tick.
bool Profiler::was_in_kernel() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const s64 user = microseconds(usage.ru_utime);
    const s64 system = microseconds(usage.ru_stime);
    const bool kernel = system - system_ > user - user_;
    user_ = user;
    system_ = system;
    return kernel;
}

}  // namespace seventeen::app
