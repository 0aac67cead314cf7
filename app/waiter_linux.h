// Waiter: waits for any of several host descriptors, or for a time to pass.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <vector>

namespace seventeen::app {

class Waiter {
  public:
    using Nanoseconds = std::chrono::nanoseconds;

    // `descriptor` is asked before each wait; -1 is left out.
    void watch(std::function<int()> descriptor, std::function<void()> on_input);
    // A library with descriptors of its own: it adds to the list, may shorten the wait, and is told
    // what came.
    struct Collector {
        std::function<void(std::vector<pollfd>&, Nanoseconds&)> collect;
        std::function<void(const std::vector<pollfd>&)> dispatch;
    };
    void add(Collector collector) { collectors_.push_back(std::move(collector)); }

    // Serves what has come; waits at most `timeout` for it where nothing has.
    void wait(Nanoseconds timeout);
    bool empty() const { return watches_.empty() && collectors_.empty(); }

  private:
    struct Watch {
        std::function<int()> descriptor;
        std::function<void()> on_input;
    };

    std::vector<Watch> watches_;
    std::vector<Collector> collectors_;
};

// SIGINT, SIGTERM and SIGHUP as a descriptor instead of a sudden end. They are blocked while it
// lives.
class EndSignals {
  public:
    EndSignals();
    ~EndSignals();
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;
    int descriptor() const { return fd_; }

  private:
    int fd_;
    sigset_t before_{};
};

}  // namespace seventeen::app
