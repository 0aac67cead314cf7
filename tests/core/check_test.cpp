// check: a broken invariant stops the program, says what broke and names its caller.
#include "core/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>

namespace seventeen {

namespace {

struct Death {
    int status = 0;
    std::string message;
};

// Breaks an invariant in a child process and tells how it ended.
Death die() {
    std::array<int, 2> pipe_ends{};
    REQUIRE(pipe(pipe_ends.data()) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // without Catch2's report
        dup2(pipe_ends[1], STDERR_FILENO);
        check(false, "water is dry");
        _exit(0);
    }
    close(pipe_ends[1]);
    Death death;
    std::array<char, 200> text{};
    for (ssize_t size; (size = read(pipe_ends[0], text.data(), text.size())) > 0;)
        death.message.append(text.data(), static_cast<std::size_t>(size));
    close(pipe_ends[0]);
    REQUIRE(waitpid(child, &death.status, 0) == child);
    return death;
}

}  // namespace

TEST_CASE("a broken invariant aborts and names its place") {
    check(true, "nothing happens");
    const Death death = die();
    CHECK(WIFSIGNALED(death.status));
    CHECK(WTERMSIG(death.status) == SIGABRT);
    CHECK_THAT(death.message, Catch::StartsWith("seventeen: internal error: water is dry ("));
    CHECK_THAT(death.message, Catch::Contains("check_test.cpp:"));
}

}  // namespace seventeen
