// Terminal: the user's terminal in raw mode, and back as it was however the program ends.
//
// Signals come through a file descriptor, so no handler and no global exists: while a Terminal
// lives, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH are blocked in the thread
// that made it and in threads made later. A small child process watches over it: when this one is
// gone without having restored the terminal (a crash, exit(), SIGKILL), the child does it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/terminal_grid.h"

namespace seventeen::app {

class Terminal {
  public:
    // The alternate screen leaves what was on the terminal as it was.
    enum class Screen : u8 { kNormal, kAlternate };

    // Throws Error where the two are no terminal.
    explicit Terminal(int input = 0, int output = 1);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    // Readable when `read` has something to do: keys, or a signal.
    int fd() const;
    // What was typed; never waits. Serves signals: SIGTSTP stops the program here.
    std::string read();
    // The user is gone (SIGHUP, end of file) or wants an end (SIGINT, SIGQUIT, SIGTERM).
    bool ended() const;
    // Whether the terminal lost what was drawn (a new size, back from a stop) since the last call.
    bool take_lost();

    TerminalSize size() const;
    Screen screen() const;
    void set_screen(Screen screen);
    // Never waits for a slow terminal longer than a moment: what it does not take now is kept, and
    // sent by the next calls.
    void write(std::string_view bytes);
    // Whether all that was written is sent.
    bool ready();

  private:
    struct Host;

    std::unique_ptr<Host> host_;
};

}  // namespace seventeen::app
