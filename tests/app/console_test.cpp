// A person at the console: what keys do, and what is to be seen, on a pseudo terminal.
#include "app/console.h"

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/app/emulated_terminal.h"
#include "tests/app/idle_pc.h"
#include "tests/app/pseudo_terminal.h"
#include "tests/devices/vga_guest.h"

namespace seventeen::app {

namespace {

using devices::KeyCode;
using devices::kMode03;
using devices::kMode13;
using View = Console::View;

constexpr const char* kEnterAlternate = "\x1b[?1049h";
constexpr const char* kLeaveAlternate = "\x1b[?1049l";

struct Person {
    explicit Person(View view = View::kScreen)
        : console(idle.pc, monitor, terminal,
                  {.press =
                       [this](const KeyEvents& events) {
                           for (const KeyEvent& event : events)
                               if (event.pressed) keys += devices::key(event.code).name;
                       },
                   .send_serial = [this](std::string_view bytes) { serial += bytes; },
                   .status = [] { return std::string("status"); }},
                  view) {
        guest.set_mode(kMode03);
        for (unsigned row = 0; row < 25; ++row) guest.type(0, row, std::string(80, ' '));
    }

    // Types, and returns all that came to the terminal because of it.
    std::string type(std::string_view bytes) {
        pty.type(bytes);
        CHECK(readable(console.input_fd()));
        console.on_input();
        return look();
    }
    std::string look() {
        console.refresh();
        const std::string codes = pty.shown();
        screen.write(codes);
        return codes;
    }
    bool sees(std::string_view text) const {
        for (unsigned row = 0; row < 26; ++row)
            if (screen.row(row).find(text) != std::string::npos) return true;
        return false;
    }

    devices::VgaGuest guest;  // draws what the PC shows
    IdlePc idle;
    Monitor monitor{idle.pc};
    PseudoTerminal pty{100, 26};
    Terminal terminal{pty.slave(), pty.slave()};
    std::string keys;
    std::string serial;
    EmulatedTerminal screen{100, 26};
    Console console;
};

}  // namespace

TEST_CASE("The guest's screen is shown live, and only what changes is sent") {
    Person person;
    person.guest.type(0, 0, "C:\\>");
    person.idle.show(person.guest.vga);
    CHECK_THAT(person.look(), Catch::StartsWith(kEnterAlternate));
    CHECK(person.sees("C:\\>"));
    CHECK(person.sees("status"));
    CHECK(person.sees("Ctrl-A h: help"));
    CHECK(person.look().empty());
    person.guest.type(4, 0, "d");
    person.idle.show(person.guest.vga);
    CHECK(person.look().size() < 40);
    CHECK(person.sees("C:\\>d"));
    CHECK(person.screen.clean);
}

TEST_CASE("Graphics are shown as pictures, and again only when they change") {
    Person person;
    person.idle.show(person.guest.vga);
    person.look();
    person.guest.set_mode(kMode13);
    for (u64 at = 0; at < 64'000; ++at) person.guest.poke(at, 40);
    person.idle.show(person.guest.vga);
    CHECK(person.look().size() > 1000);
    CHECK(person.screen.paint(50, 12).starts_with("48;2;"));
    CHECK(person.sees("status"));
    CHECK(person.look().empty());
    person.guest.set_mode(kMode03);
    person.idle.show(person.guest.vga);
    person.look();
    CHECK_FALSE(person.screen.paint(50, 12).starts_with("48;2;"));
}

TEST_CASE("Keys go to the guest's keyboard, Escape after a moment") {
    Person person;
    person.type("dir\r\x1b[A");
    CHECK(person.keys == "dirretup");
    person.type("\x1b");
    CHECK(person.keys == "dirretup");
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    person.console.refresh();
    CHECK(person.keys == "dirretupesc");
    person.type(
        "\x01"
        "ab");
    CHECK(person.keys == "dirretupescctrlab");
    CHECK(person.serial.empty());
}

TEST_CASE("Ctrl-A x quits") {
    Person person;
    person.type("x\x01");
    CHECK_FALSE(person.console.quit_requested());
    person.type("x");
    CHECK(person.console.quit_requested());
    CHECK(person.keys == "x");
}

TEST_CASE("Ctrl-A h helps, for a moment") {
    Person person;
    person.type("\x01h");
    CHECK(person.sees("x quit, c monitor"));
    CHECK_FALSE(person.sees("status"));
    CHECK(person.keys.empty());
}

TEST_CASE("Ctrl-A c opens the monitor and closes it") {
    Person person;
    person.look();
    CHECK_THAT(person.type("\x01"
                           "c"),
               Catch::Contains(kLeaveAlternate));
    CHECK(person.sees("(seventeen)"));
    person.type("print 6*7\r");
    CHECK(person.sees("(seventeen) print 6*7"));
    CHECK(person.sees("42"));
    person.type("info stat\t\r");
    CHECK(person.sees("VM status: running"));
    person.type("stop\r");
    CHECK(person.console.paused());
    CHECK(person.keys.empty());
    CHECK_THAT(person.type("\x01"
                           "c"),
               Catch::Contains(kEnterAlternate));
    CHECK(person.sees("status  paused"));
    person.type("a");
    CHECK(person.keys == "a");
    person.type(
        "\x01"
        "c");
    person.type("quit\r");
    CHECK(person.console.quit_requested());
    CHECK(person.screen.clean);
}

TEST_CASE("Ctrl-A t shows the serial line, with what came before") {
    Person person;
    for (const char byte : std::string_view("login: ")) person.console.serial_byte(byte);
    person.look();
    CHECK_FALSE(person.sees("login:"));
    CHECK_THAT(person.type("\x01t"), Catch::EndsWith("login: "));
    person.type(
        "root\r\x1b[A\x01"
        "a");
    CHECK(person.serial == "root\r\x1b[A\x01");
    CHECK(person.keys.empty());
    for (const char byte : std::string_view("\r\n# ")) person.console.serial_byte(byte);
    CHECK(person.look() == "\r\n# ");
    CHECK_THAT(person.type("\x01t"), Catch::Contains(kEnterAlternate));
}

TEST_CASE("A serial line that nobody looks at forgets its oldest text only") {
    Person person;
    for (unsigned i = 0; i < 300'000; ++i)
        person.console.serial_byte(static_cast<u8>(i % 1000 == 0 ? '\n' : 'a'));
    person.console.serial_byte('!');
    person.pty.type("\x01t");
    REQUIRE(readable(person.console.input_fd()));
    person.console.on_input();
    std::size_t size = 0;
    std::string last;
    for (std::string text = person.pty.shown(); !text.empty(); text = person.pty.shown()) {
        size += text.size();
        last = text;
        person.console.refresh();
    }
    CHECK(last.ends_with("aaa!"));
    CHECK(size > 60'000);
    CHECK(size < 140'000);
}

TEST_CASE("The serial view shows the last text at the end") {
    PseudoTerminal pty(80, 24);
    IdlePc idle;
    Monitor monitor(idle.pc);
    Terminal terminal(pty.slave(), pty.slave());
    {
        Console console(idle.pc, monitor, terminal, {}, View::kSerial);
        ConsoleLine line(console);
        for (const char byte : std::string_view("booting\r\n")) line.send(static_cast<u8>(byte));
        console.refresh();
        CHECK(pty.shown() == "booting\r\n");
        pty.type("ignored\x01z");
        REQUIRE(readable(console.input_fd()));
        console.on_input();
        CHECK_THAT(pty.shown(), Catch::StartsWith("\r\n[Ctrl-A, then: x quit"));
        for (const char byte : std::string_view("bye")) line.send(static_cast<u8>(byte));
        CHECK(pty.shown().empty());
    }
    CHECK(pty.shown() == "bye");
}

TEST_CASE("Ctrl-A s saves the screen") {
    const auto before = std::filesystem::current_path();
    const auto folder = std::filesystem::temp_directory_path() / "seventeen_console_test";
    std::filesystem::create_directory(folder);
    std::filesystem::current_path(folder);
    {
        Person person;
        person.idle.show(person.guest.vga);
        person.type("\x01s");
        CHECK(person.sees("saved seventeen-1.png"));
        person.type("\x01s");
        CHECK(person.sees("saved seventeen-2.png"));
        CHECK(std::filesystem::file_size("seventeen-2.png") > 100);
    }
    std::filesystem::current_path(before);
    std::filesystem::remove_all(folder);
}

TEST_CASE("A terminal of another size is drawn anew") {
    Person person;
    person.guest.type(0, 0, "text");
    person.idle.show(person.guest.vga);
    person.look();
    person.pty.resize(100, 20);
    ::raise(SIGWINCH);
    REQUIRE(readable(person.console.input_fd()));
    person.console.on_input();
    person.screen = EmulatedTerminal(100, 20);
    person.console.refresh();
    person.screen.write(person.pty.shown());
    CHECK(person.screen.clean);
    CHECK(person.screen.written > 1000);
}

}  // namespace seventeen::app
