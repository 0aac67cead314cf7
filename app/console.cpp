// Sorts what is typed, and shows what is to be seen.
#include "app/console.h"

#include <filesystem>
#include <utility>

#include "app/screenshot.h"
#include "core/error.h"

namespace seventeen::app {

namespace {

constexpr char kPrefix = '\x01';  // Ctrl-A
constexpr const char* kPrompt = "(seventeen) ";
constexpr const char* kHelp =
    "Ctrl-A, then: x quit, c monitor, t screen or serial line, s save the screen, a Ctrl-A, h help";
constexpr auto kEscapeTime = std::chrono::milliseconds(50);
constexpr auto kNoticeTime = std::chrono::seconds(4);
constexpr std::size_t kMostSerialText = 1 << 16;
constexpr std::size_t kSerialChunk = 4096;
constexpr unsigned kMostScreenshots = 10'000;

std::string with_carriage_returns(std::string_view text) {
    std::string lines;
    for (const char character : text) {
        if (character == '\n') lines += '\r';
        lines += character;
    }
    return lines;
}

// The first of seventeen-1.png, seventeen-2.png … that does not exist.
std::string free_name() {
    for (unsigned number = 1; number < kMostScreenshots; ++number) {
        std::string name = "seventeen-" + std::to_string(number) + ".png";
        if (!std::filesystem::exists(name)) return name;
    }
    throw Error("there are too many seventeen-N.png in this directory; move some away");
}

std::string lock_lights(u8 leds) {
    constexpr u8 kScrollLock = 1 << 0;
    constexpr u8 kNumLock = 1 << 1;
    constexpr u8 kCapsLock = 1 << 2;
    std::string text;
    if ((leds & kNumLock) != 0) text += "  NUM";
    if ((leds & kCapsLock) != 0) text += "  CAPS";
    if ((leds & kScrollLock) != 0) text += "  SCROLL";
    return text;
}

}  // namespace

Console::Console(machine::Pc& pc, Monitor& monitor, Terminal& terminal, ConsoleLinks links,
                 View view)
    : pc_(pc),
      monitor_(monitor),
      terminal_(terminal),
      links_(std::move(links)),
      view_(view),
      editor_(kPrompt, [this](std::string_view line) { return monitor_.completions(line); }) {
    choose_screen();
}

// What the guest sent last is worth seeing.
Console::~Console() {
    if (view_ == View::kSerial && !monitor_open_) draw_serial();
}

bool Console::quit_requested() const {
    return quit_ || terminal_.ended() || monitor_.quit_requested();
}

// --- what is typed ---

void Console::on_input() {
    const std::string bytes = terminal_.read();
    if (!bytes.empty()) last_key_ = Clock::now();
    for (const char byte : bytes) take(byte);
    send_typed();
}

void Console::take(char byte) {
    if (std::exchange(prefixed_, false))
        obey(byte);
    else if (byte == kPrefix)
        prefixed_ = true;
    else
        type(byte);
}

void Console::obey(char letter) {
    send_typed();  // in the order in which it was typed
    switch (letter) {
        case 'x': quit_ = true; break;
        case 'c': toggle_monitor(); break;
        case 't': toggle_view(); break;
        case 's': save_screen(); break;
        case 'a':
        case kPrefix: type(kPrefix); break;
        default: notify(kHelp);
    }
}

void Console::type(char byte) {
    if (monitor_open_) {
        edit(byte);
    } else if (view_ == View::kSerial) {
        typed_bytes_ += byte;
    } else {
        for (const KeyEvent& event : keys_.feed({&byte, 1})) typed_keys_.push_back(event);
    }
}

void Console::send_typed() {
    if (!typed_keys_.empty() && links_.press) links_.press(typed_keys_);
    if (!typed_bytes_.empty() && links_.send_serial) links_.send_serial(typed_bytes_);
    typed_keys_.clear();
    typed_bytes_.clear();
}

void Console::edit(char byte) {
    const auto line = editor_.feed(byte);
    terminal_.write(editor_.take_echo());
    if (!line) return;
    say(monitor_.execute(*line));
    if (monitor_open_ && !monitor_.quit_requested()) show_prompt();
}

// --- what Ctrl-A does ---

void Console::toggle_monitor() {
    monitor_open_ = !monitor_open_;
    choose_screen();
    if (monitor_open_) {
        say("\nThe monitor; 'help' lists its commands, Ctrl-A c goes back.\n");
        show_prompt();
    } else if (view_ == View::kSerial) {
        say("\n");
    }
}

void Console::toggle_view() {
    if (monitor_open_) toggle_monitor();
    view_ = view_ == View::kScreen ? View::kSerial : View::kScreen;
    choose_screen();
    if (view_ == View::kSerial) draw_serial();
}

void Console::save_screen() {
    try {
        const std::string name = free_name();
        devices::Picture picture;
        pc_.vga().render(picture);
        save_screenshot(picture, name);
        notify("saved " + name);
    } catch (const Error& error) {
        notify(error.what());
    }
}

void Console::notify(const std::string& text) {
    if (shows_screen()) {
        notice_ = text;
        notice_end_ = Clock::now() + kNoticeTime;
    } else {
        say("\n[" + text + "]\n");
        if (monitor_open_) show_prompt();
    }
}

// --- what is shown ---

void Console::refresh() {
    if (keys_.waiting() && Clock::now() - last_key_ > kEscapeTime) {
        typed_keys_ = keys_.flush();
        send_typed();
    }
    if (!terminal_.ready()) return;  // a slow line: the next frame shows as much
    const bool lost = terminal_.take_lost();
    if (shows_screen()) {
        draw_screen(lost);
    } else if (monitor_open_) {
        if (lost) show_prompt();
    } else {
        draw_serial();
    }
}

void Console::choose_screen() {
    terminal_.set_screen(shows_screen() ? Terminal::Screen::kAlternate : Terminal::Screen::kNormal);
}

void Console::show_prompt() {
    editor_.set_width(terminal_.size().columns);
    editor_.draw();
    terminal_.write(editor_.take_echo());
}

void Console::say(std::string_view text) {
    terminal_.write(with_carriage_returns(text));
}

void Console::draw_screen(bool lost) {
    if (lost) display_.forget();
    terminal_.write(screen_codes(terminal_.size(), lost));
}

std::string Console::screen_codes(TerminalSize size, bool lost) {
    const Footer now = footer();
    const bool new_footer = std::exchange(shown_footer_, now) != now;
    const devices::TextScreen text = pc_.vga().text_screen();
    const bool was_picture = std::exchange(shows_picture_, text.rows == 0);
    if (!shows_picture_) return display_.draw(text, size, now);
    const bool drawn = !pc_.vga().update(picture_).empty();
    if (!drawn && was_picture && !lost && !new_footer) return {};
    return display_.draw(picture_, size, now);
}

Footer Console::footer() {
    if (Clock::now() >= notice_end_) notice_.clear();
    return {(links_.status ? links_.status() : "Seventeen") + lock_lights(pc_.keyboard().leds()) +
                (monitor_.paused() ? "  paused" : "") + "  Ctrl-A h: help",
            notice_};
}

// As much as the terminal takes.
void Console::draw_serial() {
    std::size_t done = 0;
    for (; done < serial_text_.size() && terminal_.ready(); done += kSerialChunk)
        terminal_.write(std::string_view(serial_text_).substr(done, kSerialChunk));
    serial_text_.erase(0, done);
}

void Console::serial_byte(u8 byte) {
    serial_text_ += static_cast<char>(byte);
    // While nobody looks the oldest is forgotten.
    if (serial_text_.size() > 2 * kMostSerialText)
        serial_text_.erase(0, serial_text_.size() - kMostSerialText);
}

}  // namespace seventeen::app
