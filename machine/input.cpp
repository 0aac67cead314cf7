// Inputs as the event log keeps them: the source's name and little-endian values.
#include "machine/input.h"

#include <cstring>
#include <span>

#include "core/error.h"

namespace seventeen::machine {

namespace {

constexpr std::string_view kKey = "key";
constexpr std::string_view kMouse = "mouse";
constexpr std::string_view kSerial = "serial";
constexpr std::string_view kFrame = "network";
constexpr std::string_view kRate = "rate";
constexpr std::string_view kButton = "button";

template <typename T>
void put(std::vector<u8>& bytes, T value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

// Takes values off the front of an event's data.
class Parser {
  public:
    explicit Parser(const LoggedEvent& event) : event_(event), rest_(event.data) {}

    template <typename T>
    T take() {
        T value;
        if (rest_.size() < sizeof value) damaged();
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_ = rest_.subspan(sizeof value);
        return value;
    }
    std::vector<u8> rest() { return {rest_.begin(), rest_.end()}; }
    void finish() const {
        if (!rest_.empty()) damaged();
    }
    [[noreturn]] void damaged() const {
        throw Error("the event log is damaged: the '" + event_.source + "' event at tick " +
                    std::to_string(event_.tick) + " makes no sense");
    }

  private:
    const LoggedEvent& event_;
    std::span<const u8> rest_;
};

struct Encoder {
    LoggedEvent& event;

    void operator()(const KeyInput& key) const {
        event.source = kKey;
        put(event.data, key.code);
        put(event.data, static_cast<u8>(key.pressed));
    }
    void operator()(const MouseInput& mouse) const {
        event.source = kMouse;
        put(event.data, mouse.dx);
        put(event.data, mouse.dy);
        put(event.data, mouse.wheel);
        put(event.data, mouse.buttons);
    }
    void operator()(const SerialInput& serial) const {
        event.source = kSerial;
        put(event.data, serial.port);
        for (const u8 byte : serial.bytes) put(event.data, byte);
    }
    void operator()(const FrameInput& frame) const {
        event.source = kFrame;
        event.data = frame.bytes;
    }
    void operator()(const RateInput& rate) const {
        event.source = kRate;
        put(event.data, rate.rate.nanoseconds);
        put(event.data, rate.rate.ticks);
    }
    void operator()(const ButtonInput& button) const {
        event.source = kButton;
        put(event.data, button.button);
    }
};

KeyInput decode_key(Parser& parser) {
    KeyInput key;
    key.code = parser.take<devices::KeyCode>();
    const u8 pressed = parser.take<u8>();
    if (static_cast<std::size_t>(key.code) >= devices::kKeyCount || pressed > 1) parser.damaged();
    key.pressed = pressed != 0;
    return key;
}

MouseInput decode_mouse(Parser& parser) {
    MouseInput mouse;
    mouse.dx = parser.take<s32>();
    mouse.dy = parser.take<s32>();
    mouse.wheel = parser.take<s32>();
    mouse.buttons = parser.take<u8>();
    return mouse;
}

RateInput decode_rate(Parser& parser) {
    RateInput rate;
    rate.rate.nanoseconds = parser.take<u64>();
    rate.rate.ticks = parser.take<u64>();
    if (rate.rate.nanoseconds == 0 || rate.rate.ticks == 0) parser.damaged();
    return rate;
}

ButtonInput decode_button(Parser& parser) {
    const Button button = parser.take<Button>();
    if (button > Button::kNmi) parser.damaged();
    return {button};
}

}  // namespace

LoggedEvent encode(u64 tick, const Input& input) {
    LoggedEvent event;
    event.tick = tick;
    std::visit(Encoder{event}, input);
    return event;
}

Input decode(const LoggedEvent& event) {
    Parser parser(event);
    if (event.source == kFrame) return FrameInput{event.data};
    if (event.source == kSerial) {
        const u8 port = parser.take<u8>();
        return SerialInput{port, parser.rest()};
    }
    Input input;
    if (event.source == kKey)
        input = decode_key(parser);
    else if (event.source == kMouse)
        input = decode_mouse(parser);
    else if (event.source == kRate)
        input = decode_rate(parser);
    else if (event.source == kButton)
        input = decode_button(parser);
    else
        throw Error("the event log holds a '" + event.source +
                    "' event, which this version does not know");
    parser.finish();
    return input;
}

}  // namespace seventeen::machine
