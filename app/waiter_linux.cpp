// poll(2) and signalfd(2).
#include "app/waiter_linux.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace seventeen::app {

void Waiter::watch(std::function<int()> descriptor, std::function<void()> on_input) {
    watches_.push_back({std::move(descriptor), std::move(on_input)});
}

void Waiter::wait(Nanoseconds timeout) {
    std::vector<pollfd> descriptors;
    for (const Watch& watch : watches_)
        descriptors.push_back({.fd = watch.descriptor(), .events = POLLIN, .revents = 0});
    timeout = std::max(timeout, Nanoseconds::zero());
    std::vector<std::vector<pollfd>> theirs(collectors_.size());
    for (std::size_t i = 0; i < collectors_.size(); ++i) {
        collectors_[i].collect(theirs[i], timeout);
        descriptors.insert(descriptors.end(), theirs[i].begin(), theirs[i].end());
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (timeout - seconds).count()};
    if (ppoll(descriptors.data(), descriptors.size(), &limit, nullptr) < 0) return;
    for (std::size_t i = 0; i < watches_.size(); ++i)
        if (descriptors[i].revents != 0) watches_[i].on_input();
    auto next = descriptors.begin() + static_cast<std::ptrdiff_t>(watches_.size());
    for (std::size_t i = 0; i < collectors_.size(); ++i) {
        const auto end = next + static_cast<std::ptrdiff_t>(theirs[i].size());
        collectors_[i].dispatch({next, end});
        next = end;
    }
}

EndSignals::EndSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

EndSignals::~EndSignals() {
    if (fd_ >= 0) close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace seventeen::app
