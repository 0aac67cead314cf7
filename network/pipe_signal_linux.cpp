// Holds SIGPIPE back from one thread.
#include <ctime>

#include "network/pipe_signal.h"

namespace seventeen::network {

namespace {

sigset_t pipe_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

bool pending() {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGPIPE) == 1;
}

}  // namespace

PipeSignalGuard::PipeSignalGuard() : was_pending_(pending()) {
    const sigset_t set = pipe_signal();
    pthread_sigmask(SIG_BLOCK, &set, &before_);
}

PipeSignalGuard::~PipeSignalGuard() {
    if (!was_pending_ && pending()) {
        const sigset_t set = pipe_signal();
        const timespec at_once{};
        sigtimedwait(&set, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace seventeen::network
