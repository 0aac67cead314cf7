// Console: the guest's screen, its first serial line and the monitor in the user's terminal.
//
// The screen is drawn on the terminal's alternate screen; serial text and the monitor scroll on the
// normal one, where they stay when the program ends. Ctrl-A is the prefix of what is meant for us:
// x quits, c toggles the monitor, t toggles screen and serial line, s saves the screen, a sends
// Ctrl-A, h helps.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "app/front_end.h"
#include "app/keys.h"
#include "app/line_editor.h"
#include "app/monitor.h"
#include "app/serial_linux.h"
#include "app/terminal.h"
#include "app/terminal_keys.h"
#include "app/text_display.h"
#include "machine/pc.h"

namespace seventeen::app {

struct ConsoleLinks {
    std::function<void(const KeyEvents& keys)> press;         // on the guest's keyboard
    std::function<void(std::string_view bytes)> send_serial;  // to its first serial line
    std::function<std::string()> status;                      // the footer's first words
};

class Console final : public FrontEnd {
  public:
    enum class View : u8 { kScreen, kSerial };

    // All outlive the console. The screen's dirty marks (Vga::update) are its alone.
    Console(machine::Pc& pc, Monitor& monitor, Terminal& terminal, ConsoleLinks links, View view);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    int input_fd() const override { return terminal_.fd(); }
    void on_input() override;
    void refresh() override;
    bool quit_requested() const override;
    bool paused() const override { return monitor_.paused(); }

    // From the guest's serial line; what is not shown now is shown when the view changes.
    void serial_byte(u8 byte);
    // Tells the user something for a moment, whatever is shown.
    void notify(const std::string& text);

  private:
    using Clock = std::chrono::steady_clock;

    void take(char byte);
    void obey(char letter);
    void type(char byte);
    void send_typed();
    void edit(char byte);
    void toggle_monitor();
    void toggle_view();
    void save_screen();
    void show_prompt();
    void say(std::string_view text);
    void choose_screen();
    bool shows_screen() const { return view_ == View::kScreen && !monitor_open_; }
    void draw_screen(bool lost);
    std::string screen_codes(TerminalSize size, bool lost);
    void draw_serial();
    Footer footer();

    machine::Pc& pc_;
    Monitor& monitor_;
    Terminal& terminal_;
    ConsoleLinks links_;
    View view_;
    bool monitor_open_ = false;
    bool prefixed_ = false;  // Ctrl-A came
    bool quit_ = false;
    LineEditor editor_;
    TerminalKeys keys_;
    Clock::time_point last_key_{};
    KeyEvents typed_keys_;
    std::string typed_bytes_;
    std::string serial_text_;  // not yet shown
    TextDisplay display_;
    devices::Picture picture_;
    Footer shown_footer_;
    bool shows_picture_ = false;
    std::string notice_;
    Clock::time_point notice_end_{};
};

// The guest's first serial line, shown by a console.
class ConsoleLine final : public SerialBackend {
  public:
    explicit ConsoleLine(Console& console) : console_(console) {}
    void send(u8 byte) override { console_.serial_byte(byte); }

  private:
    Console& console_;
};

}  // namespace seventeen::app
