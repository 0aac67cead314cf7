// Commands that act: keys, mouse, power, pause, snapshots, media, screen dumps, the end.
#include <array>
#include <charconv>

#include "app/keys.h"
#include "app/monitor_command.h"
#include "app/screenshot.h"
#include "core/error.h"

namespace seventeen::app {

namespace {

using devices::KeyCode;
using machine::Button;
using machine::ButtonInput;
using machine::KeyInput;
using machine::MouseInput;

constexpr unsigned kDefaultHold = 100;  // milliseconds

// Calls a link, or says that it is missing.
template <typename Result, typename... Parameters, typename... Values>
Result call(const std::function<Result(Parameters...)>& link, Values&&... values) {
    if (!link) throw Error("this does not work in this session");
    return link(std::forward<Values>(values)...);
}

std::string send_keys(MonitorState& state, Arguments& arguments) {
    const std::vector<KeyCode> keys = keys_named(arguments.word("the keys' names"));
    const auto hold =
        arguments.more() ? arguments.number("the time in milliseconds") : s32{kDefaultHold};
    arguments.end();
    if (hold < 0) throw Error("keys cannot be held for less than no time");
    if (state.links.press_keys) {
        state.links.press_keys(keys, static_cast<unsigned>(hold));
    } else {
        for (const KeyEvent& event : stroke(keys))
            state.pc.give(KeyInput{event.code, event.pressed});
    }
    return {};
}

std::string move_mouse(MonitorState& state, Arguments& arguments) {
    MouseInput input{.dx = arguments.number("dx"), .dy = arguments.number("dy")};
    // QEMU's dz turns the wheel away from the user.
    if (arguments.more()) input.wheel = -arguments.number("dz");
    arguments.end();
    input.buttons = state.mouse_buttons;
    state.pc.give(input);
    return {};
}

// QEMU's bits: 1 left, 2 middle, 4 right.
std::string press_mouse(MonitorState& state, Arguments& arguments) {
    constexpr std::array<u8, 3> kButtons = {devices::Mouse::kLeft, devices::Mouse::kMiddle,
                                            devices::Mouse::kRight};
    const s32 bits = arguments.number("the buttons' bits");
    arguments.end();
    if (bits < 0 || bits >> kButtons.size() != 0)
        throw Error("the buttons are 1 (left), 2 (middle), 4 (right) or a sum of these");
    state.mouse_buttons = 0;
    for (unsigned i = 0; i < kButtons.size(); ++i)
        if ((bits >> i & 1) != 0) state.mouse_buttons |= kButtons[i];
    state.pc.give(MouseInput{.dx = 0, .dy = 0, .wheel = 0, .buttons = state.mouse_buttons});
    return {};
}

template <Button button>
std::string push(MonitorState& state, Arguments& arguments) {
    arguments.end();
    state.pc.give(ButtonInput{button});
    return {};
}

std::string stop(MonitorState& state, Arguments& arguments) {
    arguments.end();
    state.paused = true;
    return {};
}

std::string resume(MonitorState& state, Arguments& arguments) {
    arguments.end();
    state.paused = false;
    return {};
}

std::string quit(MonitorState& state, Arguments& arguments) {
    arguments.end();
    state.quit = true;
    return {};
}

std::string save_snapshot(MonitorState& state, Arguments& arguments) {
    const std::string name = arguments.word("the snapshot's name");
    arguments.end();
    call(state.links.save_snapshot, name);
    return {};
}

std::string load_snapshot(MonitorState& state, Arguments& arguments) {
    const std::string name = arguments.word("the snapshot's name");
    arguments.end();
    call(state.links.load_snapshot, name);
    return {};
}

// QEMU's -f is understood: there is no lock to break here.
std::string eject(MonitorState& state, Arguments& arguments) {
    std::string drive = arguments.word("the drive's name");
    if (drive == "-f") drive = arguments.word("the drive's name");
    arguments.end();
    call(state.links.eject, drive);
    return {};
}

std::string change(MonitorState& state, Arguments& arguments) {
    const std::string drive = arguments.word("the drive's name");
    const std::string file = arguments.word("the image's file");
    arguments.end();
    call(state.links.change, drive, file);
    return {};
}

std::string dump_screen(MonitorState& state, Arguments& arguments) {
    const std::string file = arguments.word("the file's name");
    arguments.end();
    devices::Picture picture;
    state.pc.vga().render(picture);
    save_screenshot(picture, file);
    return {};
}

constexpr std::array kCommands = {
    Command{"change", "drive file", "put another image into a drive", change},
    Command{"cont|c", "", "let the machine run", resume},
    Command{"eject", "[-f] drive", "take the medium out of a drive", eject},
    Command{"loadvm", "name", "go back to a snapshot", load_snapshot},
    Command{"mouse_button", "bits", "hold the mouse's buttons: 1 left, 2 middle, 4 right",
            press_mouse},
    Command{"mouse_move", "dx dy [dz]", "move the mouse right and down, its wheel away",
            move_mouse},
    Command{"nmi", "", "send a non-maskable interrupt", push<Button::kNmi>},
    Command{"quit|q", "", "end the session", quit},
    Command{"savevm", "name", "take a snapshot", save_snapshot},
    Command{"screendump", "file", "save the screen as PNG, or as PPM in a file.ppm", dump_screen},
    Command{"sendkey", "keys [hold]", "press keys, as in ctrl-alt-delete, for so many milliseconds",
            send_keys},
    Command{"stop|s", "", "make the machine pause", stop},
    Command{"system_powerdown", "", "press the power button", push<Button::kPower>},
    Command{"system_reset", "", "press the reset button", push<Button::kReset>},
};

}  // namespace

std::span<const Command> control_commands() {
    return kCommands;
}

}  // namespace seventeen::app
