// die: runs what may end the process in a child process, and says how that ended.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

namespace seventeen {

struct Death {
    int signal = 0;       // that it died of; 0: it ended by itself
    std::string message;  // what it wrote to stderr
};

// The child starts with the signals of faults as a process has them at first.
inline Death die(const std::function<void()>& crash) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return {-1, "no pipe"};
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        for (const int signal : {SIGSEGV, SIGFPE}) ::signal(signal, SIG_DFL);
        crash();
        _exit(0);
    }
    close(ends[1]);
    Death death;
    std::array<char, 256> part{};
    for (ssize_t size; (size = read(ends[0], part.data(), part.size())) > 0;)
        death.message.append(part.data(), static_cast<std::size_t>(size));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
    return death;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace seventeen
