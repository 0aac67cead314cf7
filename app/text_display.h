// TextDisplay: the guest's screen in a terminal: text as text, graphics as half-block pictures.
//
// Produces the escape codes that bring the terminal from the last frame to this one. A text screen
// that is larger than the terminal is cut to the part around its cursor, a smaller one is centred.
// The last row is the footer's: a notice always, the status only where the guest needs no row of
// it.
#pragma once

#include <optional>
#include <string>

#include "app/terminal_grid.h"
#include "devices/picture.h"
#include "devices/vga_text.h"

namespace seventeen::app {

struct Footer {
    std::string status;
    std::string notice;  // goes before the status, and before the guest's own last row
    bool operator==(const Footer&) const = default;
};

class TextDisplay {
  public:
    // What to write to a terminal of this size; nothing where it shows the frame already.
    std::string draw(const devices::TextScreen& screen, TerminalSize size, const Footer& footer);
    std::string draw(const devices::Picture& picture, TerminalSize size, const Footer& footer);
    // The terminal shows something else by now.
    void forget() { shown_.reset(); }

  private:
    std::string show(TerminalGrid wanted);

    std::optional<TerminalGrid> shown_;
    GridPlace first_;  // the guest's cell that is the uppermost leftmost one shown
};

}  // namespace seventeen::app
