// TerminalKeys: the bytes a terminal sends while keys are pressed, as a PC keyboard's keys.
//
// A terminal tells characters and escape sequences, not keys: there are no releases, and modifiers
// show only in what they change. Each byte or sequence becomes a whole stroke on a US keyboard.
// Sequences are those of xterm, the Linux console, screen and tmux (xterm's ctlseqs, "PC-Style
// Function Keys"; console_codes(4)). ESC alone and the start of a sequence look the same until more
// bytes come or time passes: the caller calls `flush` when no more came for a moment.
#pragma once

#include <string>
#include <string_view>

#include "app/keys.h"

namespace seventeen::app {

class TerminalKeys {
  public:
    KeyEvents feed(std::string_view bytes);
    // Bytes wait for others.
    bool waiting() const { return !pending_.empty(); }
    // No more will come: ESC is the Escape key, and ESC with a character is Alt with it.
    KeyEvents flush();

  private:
    // Whether `pending_` is whole: a key, or bytes that mean none.
    enum class Progress : u8 { kWants, kDone };

    Progress parse(KeyEvents& events) const;
    Progress parse_escape(KeyEvents& events) const;
    Progress parse_control_sequence(KeyEvents& events) const;
    Progress parse_single_shift(KeyEvents& events) const;

    std::string pending_;
};

}  // namespace seventeen::app
