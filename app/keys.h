// Keys as people write them: QEMU's sendkey names, and text as typed on a US keyboard.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "devices/key_code.h"

namespace seventeen::app {

struct KeyEvent {
    devices::KeyCode code;
    bool pressed;
    bool operator==(const KeyEvent&) const = default;
};
using KeyEvents = std::vector<KeyEvent>;

// The keys of "ctrl-alt-delete", in order. Throws Error for a name that no key has.
std::vector<devices::KeyCode> keys_named(std::string_view names);

// All pressed in order, then released in reverse order.
KeyEvents stroke(const std::vector<devices::KeyCode>& keys);

// The keys that type an ASCII character, modifiers first: Ctrl-letter for control characters other
// than \b \t \n \r and escape. Empty where the US layout has none.
std::vector<devices::KeyCode> keys_typing(char character);

// The strokes that type a text, in UTF-8. Throws Error for what the US layout cannot type.
KeyEvents typed(std::string_view text);

// Replaces \n \r \t \b \e \\ and \xHH by the characters they stand for; throws Error for others.
std::string unescaped(std::string_view text);

}  // namespace seventeen::app
