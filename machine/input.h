// Input: what comes to a machine from outside; the event log holds nothing else.
//
// An input takes effect between two runs, at an exact tick. Recorded and given again at the same
// ticks, inputs lead to the same run.
#pragma once

#include <variant>
#include <vector>

#include "core/event_log.h"
#include "core/scheduler.h"
#include "devices/key_code.h"

namespace seventeen::machine {

struct KeyInput {
    devices::KeyCode code{};
    bool pressed = false;
    bool operator==(const KeyInput&) const = default;
};

struct MouseInput {
    s32 dx = 0;
    s32 dy = 0;
    s32 wheel = 0;
    u8 buttons = 0;
    bool operator==(const MouseInput&) const = default;
};

struct SerialInput {
    u8 port = 0;
    std::vector<u8> bytes;
    bool operator==(const SerialInput&) const = default;
};

// A frame for the network card.
struct FrameInput {
    std::vector<u8> bytes;
    bool operator==(const FrameInput&) const = default;
};

// How long an instruction takes from now on.
struct RateInput {
    TickRate rate;
    bool operator==(const RateInput&) const = default;
};

enum class Button : u8 { kPower, kReset, kNmi };
struct ButtonInput {
    Button button = Button::kPower;
    bool operator==(const ButtonInput&) const = default;
};

using Input = std::variant<KeyInput, MouseInput, SerialInput, FrameInput, RateInput, ButtonInput>;

LoggedEvent encode(u64 tick, const Input& input);
// Throws Error where the event is none of ours or damaged.
Input decode(const LoggedEvent& event);

}  // namespace seventeen::machine
