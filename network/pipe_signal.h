// PipeSignalGuard: while it lives, this thread is not killed for writing to a closed connection.
#pragma once

#include <csignal>

namespace seventeen::network {

// libslirp sends without MSG_NOSIGNAL. The process' own choice for SIGPIPE is left alone: the
// signal is held back, and taken away again where it came in between.
class PipeSignalGuard {
  public:
    PipeSignalGuard();
    ~PipeSignalGuard();
    PipeSignalGuard(const PipeSignalGuard&) = delete;
    PipeSignalGuard& operator=(const PipeSignalGuard&) = delete;

  private:
    sigset_t before_{};
    bool was_pending_ = false;
};

}  // namespace seventeen::network
