// SIGPIPE is held back from one thread, and the process' own use of it left alone.
#include "network/pipe_signal.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

namespace seventeen::network {

namespace {

int write_to_nobody() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    const char byte = 'x';
    const ssize_t written = write(ends[1], &byte, 1);
    const int why = errno;
    close(ends[1]);
    return written < 0 ? why : 0;
}

bool blocked() {
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, nullptr, &set);
    return sigismember(&set, SIGPIPE) == 1;
}

bool pending() {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGPIPE) == 1;
}

}  // namespace

TEST_CASE("a closed pipe is an error, not a death") {
    REQUIRE_FALSE(blocked());
    {
        const PipeSignalGuard guard;
        CHECK(blocked());
        CHECK(write_to_nobody() == EPIPE);
        CHECK(pending());
    }
    CHECK_FALSE(pending());
    CHECK_FALSE(blocked());
}

TEST_CASE("a signal that somebody else waits for stays") {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    raise(SIGPIPE);
    {
        const PipeSignalGuard guard;
        CHECK(write_to_nobody() == EPIPE);
    }
    CHECK(pending());
    CHECK(blocked());
    const timespec at_once{};
    CHECK(sigtimedwait(&set, nullptr, &at_once) == SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace seventeen::network
