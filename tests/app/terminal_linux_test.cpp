// The terminal's modes, signals and end, on a pseudo terminal.
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "app/terminal.h"
#include "core/error.h"
#include "tests/app/pseudo_terminal.h"

namespace seventeen::app {

namespace {

// Waits for what another process is about to do.
template <typename Condition>
bool soon(Condition&& condition) {
    for (int i = 0; i < 500; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

// Runs `act` in a process of its own, which has a Terminal, and waits for its end.
template <typename Act>
int in_child(const PseudoTerminal& pty, Act&& act) {
    const pid_t child = ::fork();
    if (child == 0) {
        Terminal terminal(pty.slave(), pty.slave());
        terminal.set_screen(Terminal::Screen::kAlternate);
        act(terminal);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

}  // namespace

TEST_CASE("Raw mode lasts as long as the terminal") {
    PseudoTerminal pty(80, 24);
    CHECK_FALSE(pty.raw());
    {
        Terminal terminal(pty.slave(), pty.slave());
        CHECK(pty.raw());
        terminal.set_screen(Terminal::Screen::kAlternate);
        terminal.write("text\n");
        CHECK(pty.shown() == "\x1b[?1049h\x1b[?7ltext\n");
    }
    CHECK_FALSE(pty.raw());
    CHECK(pty.shown() == "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l");
}

TEST_CASE("Reading never waits, and the descriptor tells when there is something") {
    PseudoTerminal pty(80, 24);
    Terminal terminal(pty.slave(), pty.slave());
    CHECK(terminal.read().empty());
    pty.type("\x03\x1b[A\r");
    REQUIRE(readable(terminal.fd()));
    CHECK(terminal.read() == "\x03\x1b[A\r");
    CHECK(terminal.read().empty());
    CHECK_FALSE(terminal.ended());
    CHECK(terminal.ready());
}

TEST_CASE("A slow terminal holds nobody up, and gets everything in the end") {
    PseudoTerminal pty(80, 24);
    std::string wanted;
    std::string shown;
    {
        Terminal terminal(pty.slave(), pty.slave());
        for (int i = 0; i < 30'000; ++i) wanted += std::to_string(i) + " ";
        terminal.write(wanted);  // nobody reads it
        CHECK_FALSE(terminal.ready());
        terminal.write("end");
        while (!terminal.ready()) shown += pty.shown();
        shown += pty.shown();
        CHECK((::fcntl(pty.slave(), F_GETFL) & O_NONBLOCK) == 0);
    }
    CHECK((shown == wanted + "end"));
    Terminal terminal(pty.slave(), pty.slave());
    terminal.write(wanted);
    pty.hang_up();
    CHECK(terminal.ready());
    CHECK(terminal.ended());
}

TEST_CASE("A new size is noticed") {
    PseudoTerminal pty(80, 24);
    Terminal terminal(pty.slave(), pty.slave());
    CHECK(terminal.size() == TerminalSize{80, 24});
    CHECK(terminal.take_lost());
    CHECK_FALSE(terminal.take_lost());
    pty.resize(132, 50);
    ::raise(SIGWINCH);  // as the kernel sends it where the terminal is the process' own
    REQUIRE(readable(terminal.fd()));
    CHECK(terminal.read().empty());
    CHECK(terminal.take_lost());
    CHECK(terminal.size() == TerminalSize{132, 50});
    pty.resize(0, 0);
    CHECK(terminal.size() == TerminalSize{80, 24});
}

TEST_CASE("Signals ask for the end") {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        PseudoTerminal pty(80, 24);
        Terminal terminal(pty.slave(), pty.slave());
        ::raise(signal);
        REQUIRE(readable(terminal.fd()));
        terminal.read();
        CHECK(terminal.ended());
    }
    sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    CHECK(sigismember(&blocked, SIGINT) == 0);
}

TEST_CASE("A terminal that hangs up asks for the end") {
    PseudoTerminal pty(80, 24);
    Terminal terminal(pty.slave(), pty.slave());
    pty.hang_up();
    REQUIRE(readable(terminal.fd()));
    terminal.read();
    CHECK(terminal.ended());
    terminal.write("nobody reads this");
}

TEST_CASE("A program that dies leaves the terminal as it was") {
    for (const int signal : {SIGKILL, SIGABRT, SIGSEGV}) {
        PseudoTerminal pty(80, 24);
        const int status = in_child(pty, [&](Terminal&) {
            ::signal(signal, SIG_DFL);
            ::raise(signal);
        });
        CHECK(WIFSIGNALED(status));
        CHECK(soon([&] { return !pty.raw(); }));
        CHECK(pty.shown().ends_with("\x1b[?1049l"));
    }
    PseudoTerminal pty(80, 24);
    in_child(pty, [](Terminal&) { ::_exit(3); });
    CHECK(soon([&] { return !pty.raw(); }));
}

TEST_CASE("A stopped program lends the terminal back") {
    PseudoTerminal pty(80, 24);
    const pid_t child = ::fork();
    if (child == 0) {
        Terminal terminal(pty.slave(), pty.slave());
        terminal.set_screen(Terminal::Screen::kAlternate);
        terminal.take_lost();
        ::raise(SIGTSTP);
        terminal.read();  // stops here
        ::_exit(terminal.take_lost() && pty.raw() && !terminal.ended() ? 5 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
    CHECK(WIFSTOPPED(status));
    CHECK_FALSE(pty.raw());
    CHECK(pty.shown().ends_with("\x1b[?1049l"));
    ::kill(child, SIGCONT);
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 5);
    CHECK(pty.shown().find("\x1b[?1049h") != std::string::npos);
}

TEST_CASE("What is no terminal is refused") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    CHECK_THROWS_WITH(Terminal(ends[0], ends[1]), Catch::Contains("--headless"));
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace seventeen::app
