// The monitor's commands that act on the machine and on the session.
#include <catch2/catch.hpp>
#include <filesystem>

#include "app/monitor.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/app/idle_pc.h"

namespace seventeen::app {

namespace {

using devices::KeyCode;
using machine::Button;
using machine::ButtonInput;
using machine::Input;
using machine::KeyInput;
using machine::MouseInput;
using Inputs = std::vector<Input>;
using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("sendkey presses and releases") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("sendkey shift-a").empty());
    CHECK(idle.inputs() == Inputs{KeyInput{KeyCode::kShiftLeft, true}, KeyInput{KeyCode::kA, true},
                                  KeyInput{KeyCode::kA, false},
                                  KeyInput{KeyCode::kShiftLeft, false}});
    CHECK_THAT(monitor.execute("sendkey shift-nokey"), Catch::Contains("no key 'nokey'"));
    CHECK_THAT(monitor.execute("sendkey a -5"), Catch::Contains("less than no time"));
    CHECK(idle.inputs().size() == 4);
}

TEST_CASE("sendkey's hold is the session's to wait") {
    IdlePc idle;
    std::vector<KeyCode> keys;
    unsigned held = 0;
    MonitorLinks links;
    links.press_keys = [&](const std::vector<KeyCode>& pressed, unsigned hold) {
        keys = pressed;
        held = hold;
    };
    Monitor monitor(idle.pc, links);
    CHECK(monitor.execute("sendkey ctrl-c 250").empty());
    CHECK(keys == std::vector{KeyCode::kControlLeft, KeyCode::kC});
    CHECK(held == 250);
    monitor.execute("sendkey a");
    CHECK(held == 100);
    CHECK(idle.inputs().empty());
}

TEST_CASE("The mouse keeps its buttons while it moves") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("mouse_move 10 -20").empty());
    CHECK(monitor.execute("mouse_button 5").empty());
    CHECK(monitor.execute("mouse_move 0 0 1").empty());
    CHECK(monitor.execute("mouse_button 2").empty());
    const u8 left_and_right = devices::Mouse::kLeft | devices::Mouse::kRight;
    CHECK(idle.inputs() == Inputs{MouseInput{10, -20, 0, 0}, MouseInput{0, 0, 0, left_and_right},
                                  MouseInput{0, 0, -1, left_and_right},
                                  MouseInput{0, 0, 0, devices::Mouse::kMiddle}});
    CHECK_THAT(monitor.execute("mouse_button 8"), Catch::Contains("1 (left)"));
    CHECK(monitor.execute("mouse_move 1") == "dy is missing\n");
    CHECK(monitor.execute("mouse_move 1 5000000000") == "dy is too large\n");
}

TEST_CASE("Buttons of the case") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK(monitor.execute("system_powerdown").empty());
    CHECK(monitor.execute("system_reset").empty());
    CHECK(monitor.execute("nmi").empty());
    CHECK(idle.inputs() == Inputs{ButtonInput{Button::kPower}, ButtonInput{Button::kReset},
                                  ButtonInput{Button::kNmi}});
}

TEST_CASE("stop, cont and quit") {
    IdlePc idle;
    Monitor monitor(idle.pc);
    CHECK_FALSE(monitor.paused());
    monitor.execute("stop");
    CHECK(monitor.paused());
    CHECK_THAT(monitor.execute("info status"), Catch::StartsWith("VM status: paused\n"));
    monitor.execute("c");
    CHECK_FALSE(monitor.paused());
    CHECK_THAT(monitor.execute("info status"), Catch::StartsWith("VM status: running\n"));
    monitor.execute("q");
    CHECK(monitor.quit_requested());
}

TEST_CASE("Snapshots and media are the session's") {
    IdlePc idle;
    Words calls;
    MonitorLinks links;
    links.save_snapshot = [&](const std::string& name) { calls.push_back("save " + name); };
    links.load_snapshot = [&](const std::string& name) -> void {
        throw Error("there is no snapshot '" + name + "'");
    };
    links.eject = [&](const std::string& drive) { calls.push_back("eject " + drive); };
    links.change = [&](const std::string& drive, const std::string& file) {
        calls.push_back("change " + drive + " " + file);
    };
    links.snapshots = [] { return std::string("one"); };
    Monitor monitor(idle.pc, links);
    monitor.execute("savevm one");
    monitor.execute("eject -f ide1-cd0");
    monitor.execute("eject floppy0");
    monitor.execute("change floppy0 b.img");
    CHECK(calls == Words{"save one", "eject ide1-cd0", "eject floppy0", "change floppy0 b.img"});
    CHECK(monitor.execute("loadvm two") == "there is no snapshot 'two'\n");
    CHECK(monitor.execute("info snapshots") == "one\n");
    Monitor bare(idle.pc);
    CHECK(bare.execute("savevm one") == "this does not work in this session\n");
    CHECK(bare.execute("info jit") == "there is none in this session\n");
}

TEST_CASE("screendump saves what the monitor shows") {
    const auto file = std::filesystem::temp_directory_path() / "seventeen_monitor_test.ppm";
    IdlePc idle;
    Monitor monitor(idle.pc);
    const std::string line = "screendump " + file.string();
    devices::Picture picture;
    idle.pc.vga().render(picture);
    if (picture.pixels.empty()) {
        CHECK_THAT(monitor.execute(line), Catch::Contains("empty"));
    } else {
        CHECK(monitor.execute(line).empty());
        CHECK(read_file(file, 1 << 24).size() > picture.pixels.size() * 3);
        std::filesystem::remove(file);
    }
}

}  // namespace seventeen::app
