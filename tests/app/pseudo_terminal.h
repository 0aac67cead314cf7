// PseudoTerminal: a terminal for tests, whose other end the test holds.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

namespace seventeen::app {

class PseudoTerminal {
  public:
    PseudoTerminal(unsigned short columns, unsigned short rows) {
        winsize size{rows, columns, 0, 0};
        REQUIRE(::openpty(&master_, &slave_, nullptr, nullptr, &size) == 0);
        ::fcntl(master_, F_SETFL, O_NONBLOCK);
    }
    ~PseudoTerminal() {
        hang_up();
        ::close(slave_);
    }
    PseudoTerminal(const PseudoTerminal&) = delete;
    PseudoTerminal& operator=(const PseudoTerminal&) = delete;

    int slave() const { return slave_; }
    void type(std::string_view bytes) const {
        REQUIRE(::write(master_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    // All that was written to the terminal so far.
    std::string shown() const {
        std::string text;
        char buffer[4096];
        for (;;) {
            const ssize_t count = ::read(master_, buffer, sizeof buffer);
            if (count <= 0) return text;
            text.append(buffer, static_cast<std::size_t>(count));
        }
    }
    void resize(unsigned short columns, unsigned short rows) const {
        winsize size{rows, columns, 0, 0};
        ::ioctl(master_, TIOCSWINSZ, &size);
    }
    void hang_up() {
        if (master_ >= 0) ::close(master_);
        master_ = -1;
    }
    bool raw() const {
        termios modes{};
        ::tcgetattr(slave_, &modes);
        return (modes.c_lflag & (ICANON | ECHO | ISIG)) == 0;
    }

  private:
    int master_ = -1;
    int slave_ = -1;
};

// Whether a descriptor becomes readable before long.
inline bool readable(int fd) {
    constexpr int kPatience = 5000;  // milliseconds
    pollfd poll{fd, POLLIN, 0};
    return ::poll(&poll, 1, kPatience) > 0;
}

}  // namespace seventeen::app
