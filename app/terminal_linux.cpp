// Raw mode by termios, signals by signalfd, and the child that watches over the terminal.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "app/terminal.h"
#include "core/error.h"

namespace seventeen::app {

namespace {

// Without wrapping, so that a terminal that just became narrower is not scrolled.
constexpr std::string_view kEnterAlternate = "\x1b[?1049h\x1b[?7l";
constexpr std::string_view kLeaveAlternate = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view kLeaveNormal = "\x1b[0m\x1b[?7h\x1b[?25h";

constexpr TerminalSize kUnknownSize{80, 24};
constexpr unsigned kLargestSize = 1000;  // columns or rows

constexpr auto kMoment = std::chrono::milliseconds(8);
constexpr auto kLastPatience = std::chrono::milliseconds(1000);  // before the terminal is left

[[noreturn]] void fail(const char* what) {
    throw Error(std::string("cannot ") + what + ": " + std::strerror(errno));
}

class Descriptor {
  public:
    Descriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) fail(what);
    }
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

bool poll_for(int fd, short events, std::chrono::milliseconds patience) {
    pollfd poll{fd, events, 0};
    return ::poll(&poll, 1, static_cast<int>(patience.count())) > 0;
}

// Text on its way to a terminal.
class Output {
  public:
    explicit Output(int fd) : given_(fd), own_(reopened(fd)) {}
    ~Output() {
        if (own_ >= 0) ::close(own_);
    }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    void add(std::string_view bytes) { waiting_ += bytes; }
    bool empty() const { return waiting_.empty(); }
    void clear() { waiting_.clear(); }

    // Sends what the terminal takes before it has made us wait that long. False where it is gone.
    bool send(std::chrono::milliseconds patience) {
        // Through a descriptor that may block only little is sure not to.
        constexpr std::size_t kChunk = 256;
        const int fd = own_ >= 0 ? own_ : given_;
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!waiting_.empty()) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                end - std::chrono::steady_clock::now());
            if (!poll_for(fd, POLLOUT, std::max(left, std::chrono::milliseconds(0)))) return true;
            const std::size_t size =
                own_ >= 0 ? waiting_.size() : std::min(waiting_.size(), kChunk);
            const ssize_t count = ::write(fd, waiting_.data(), size);
            if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
            if (count > 0) waiting_.erase(0, static_cast<std::size_t>(count));
        }
        return true;
    }

  private:
    // The same terminal by a description of its own: O_NONBLOCK would else be the shell's, too. -1
    // where the terminal has no name here (as in some containers).
    static int reopened(int fd) {
        std::array<char, 128> name{};
        if (::ttyname_r(fd, name.data(), name.size()) != 0) return -1;
        return ::open(name.data(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }

    int given_;
    int own_;
    std::string waiting_;
};

// What is to be put back; trivially copyable, for the child.
struct Restoration {
    int input = -1;
    int output = -1;
    termios modes{};

    void apply(Terminal::Screen screen) const {
        const std::string_view codes =
            screen == Terminal::Screen::kAlternate ? kLeaveAlternate : kLeaveNormal;
        while (poll_for(output, POLLOUT, kLastPatience) &&
               ::write(output, codes.data(), codes.size()) < 0 && errno == EINTR) {
        }
        ::tcsetattr(input, TCSANOW, &modes);
    }
};

// The child: is told which screen is shown, and restores the terminal when the pipe ends. May only
// do what is safe after fork() in a program with threads (POSIX fork()).
class Guardian {
  public:
    static constexpr char kDismissed = 'q';

    explicit Guardian(const Restoration& restoration) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("make a pipe");
        to_child_ = ends[1];
        child_ = ::fork();
        if (child_ == 0) watch(ends[0], restoration);
        ::close(ends[0]);
        if (child_ < 0) {
            ::close(to_child_);
            fail("start a process");
        }
    }
    ~Guardian() {
        tell(kDismissed);
        ::close(to_child_);
        while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;

    void tell_screen(Terminal::Screen screen) { tell(static_cast<char>(screen)); }

  private:
    void tell(char word) {
        while (::write(to_child_, &word, 1) < 0 && errno == EINTR) {
        }
    }

    // The parent's other files must not stay open because of us.
    static void close_others(std::array<int, 3> kept) {
        std::sort(kept.begin(), kept.end());
        unsigned first = 0;
        for (const int fd : kept) {
            const auto number = static_cast<unsigned>(fd);
            if (number > first) ::close_range(first, number - 1, 0);
            first = number + 1;
        }
        ::close_range(first, ~0u, 0);
    }

    [[noreturn]] static void watch(int from_parent, const Restoration& restoration) {
        sigset_t all;
        sigfillset(&all);  // also SIGTTOU: by then another process group has the terminal
        ::sigprocmask(SIG_BLOCK, &all, nullptr);
        close_others({from_parent, restoration.input, restoration.output});
        Terminal::Screen screen = Terminal::Screen::kNormal;
        for (;;) {
            char word = 0;
            const ssize_t count = ::read(from_parent, &word, 1);
            if (count < 0 && errno == EINTR) continue;
            if (count == 1 && word == kDismissed) ::_exit(0);
            if (count <= 0) break;
            screen = static_cast<Terminal::Screen>(word);
        }
        restoration.apply(screen);
        ::_exit(0);
    }

    int to_child_ = -1;
    pid_t child_ = -1;
};

sigset_t served_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH})
        sigaddset(&signals, signal);
    return signals;
}

// Blocked while it lives.
class Signals {
  public:
    Signals() {
        const sigset_t signals = served_signals();
        ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
    }
    ~Signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    int open() const {
        const sigset_t signals = served_signals();
        return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    }

  private:
    sigset_t before_{};
};

Restoration restoration_of(int input, int output) {
    Restoration restoration{input, output, {}};
    if (::isatty(output) == 0 || ::tcgetattr(input, &restoration.modes) != 0)
        throw Error(
            "standard input and output are no terminal to show the guest's screen on; "
            "run with --headless");
    return restoration;
}

}  // namespace

struct Terminal::Host {
    Host(int input, int output) : restoration(restoration_of(input, output)) {
        for (const int fd : {input, signal_fd.get()}) {
            epoll_event event{};
            event.events = EPOLLIN;
            if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0)
                fail("wait for the terminal");
        }
        enter();
    }
    ~Host() { leave(); }

    void enter() {
        termios raw = restoration.modes;
        ::cfmakeraw(&raw);
        ::tcsetattr(restoration.input, TCSANOW, &raw);
        if (screen == Screen::kAlternate) write(kEnterAlternate);
    }

    void leave() {
        output.send(kLastPatience);
        output.clear();
        restoration.apply(screen);
    }

    void write(std::string_view bytes) {
        output.add(bytes);
        send();
    }

    void send() {
        if (output.send(kMoment)) return;
        ended = true;
        output.clear();
    }

    void show(Screen wanted) {
        if (screen == wanted) return;
        screen = wanted;
        guardian.tell_screen(screen);
        write(screen == Screen::kAlternate ? kEnterAlternate : kLeaveAlternate);
        lost = true;
    }

    // As a program without raw mode stops when it is told to.
    void stop() {
        leave();
        ::raise(SIGSTOP);
        enter();
        lost = true;
    }

    void serve(unsigned signal) {
        switch (signal) {
            case SIGWINCH: lost = true; break;
            case SIGTSTP: stop(); break;
            case SIGCONT:  // also after SIGSTOP, which nobody can prepare for
                enter();
                lost = true;
                break;
            default: ended = true;
        }
    }

    void serve_signals() {
        signalfd_siginfo signal;
        while (::read(signal_fd.get(), &signal, sizeof signal) == sizeof signal)
            serve(signal.ssi_signo);
    }

    // Destroyed from the last: the guardian is dismissed after the terminal was restored.
    Restoration restoration;
    Signals signals;
    Descriptor signal_fd{signals.open(), "receive signals"};
    Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC), "wait for the terminal"};
    Guardian guardian{restoration};
    Output output{restoration.output};
    Screen screen = Screen::kNormal;
    bool ended = false;
    bool lost = true;
};

Terminal::Terminal(int input, int output) : host_(std::make_unique<Host>(input, output)) {}

Terminal::~Terminal() = default;

int Terminal::fd() const {
    return host_->epoll.get();
}

std::string Terminal::read() {
    host_->serve_signals();
    std::string typed;
    std::array<char, 4096> buffer;
    while (!host_->ended && poll_for(host_->restoration.input, POLLIN, {})) {
        const ssize_t count = ::read(host_->restoration.input, buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) break;
        if (count <= 0) host_->ended = true;
        if (count > 0) typed.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return typed;
}

bool Terminal::ended() const {
    return host_->ended;
}

bool Terminal::take_lost() {
    return std::exchange(host_->lost, false);
}

TerminalSize Terminal::size() const {
    winsize size{};
    if (::ioctl(host_->restoration.output, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
        size.ws_row == 0)
        return kUnknownSize;
    return {std::min<unsigned>(size.ws_col, kLargestSize),
            std::min<unsigned>(size.ws_row, kLargestSize)};
}

Terminal::Screen Terminal::screen() const {
    return host_->screen;
}

void Terminal::set_screen(Screen screen) {
    host_->show(screen);
}

void Terminal::write(std::string_view bytes) {
    host_->write(bytes);
}

bool Terminal::ready() {
    host_->send();
    return host_->output.empty();
}

}  // namespace seventeen::app
