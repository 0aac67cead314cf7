// Monitor: looks into a PC and acts on it, one line of text at a time, in QEMU's words.
//
// Whatever a command does to the guest enters as an input at the current tick. The exceptions
// change a machine in ways that a recorded run cannot repeat, and their help lines say so.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "devices/key_code.h"
#include "machine/pc.h"

namespace seventeen::app {

// What the monitor asks of others. Where one is missing its commands say that they do not work
// here. They throw Error for what cannot be done.
struct MonitorLinks {
    // Presses the keys, and releases them so many milliseconds later; if missing, at once.
    std::function<void(const std::vector<devices::KeyCode>& keys, unsigned hold)> press_keys;
    std::function<void(const std::string& name)> save_snapshot;
    std::function<void(const std::string& name)> load_snapshot;
    std::function<void(const std::string& drive)> eject;
    std::function<void(const std::string& drive, const std::string& file)> change;
    // What `info` shows of them.
    std::function<std::string()> snapshots;
    std::function<std::string()> block;
    std::function<std::string()> network;
    std::function<std::string()> jit;
    std::function<std::string()> mmu;
    std::function<std::string()> version;
};

// What commands work on.
struct MonitorState {
    machine::Pc& pc;
    MonitorLinks links;
    bool paused = false;
    bool quit = false;
    u8 mouse_buttons = 0;
};

class Monitor {
  public:
    explicit Monitor(machine::Pc& pc, MonitorLinks links = {});

    // What the command prints, if anything in whole lines; a mistake is one line, too.
    std::string execute(std::string_view line);
    // The words that the last word of the line may become, in alphabetical order.
    std::vector<std::string> completions(std::string_view line) const;

    bool paused() const { return state_.paused; }
    bool quit_requested() const { return state_.quit; }

  private:
    MonitorState state_;
};

}  // namespace seventeen::app
