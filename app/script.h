// Script: what `--expect` and `--type` ask for, in order, on the guest's screen and serial lines.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen::app {

struct ScriptStep {
    enum class Kind : u8 { kExpect, kType };
    Kind kind = Kind::kExpect;
    std::string text;
    bool operator==(const ScriptStep&) const = default;
};

// Text is typed where the last expectation was met: on the serial line or on the keyboard.
enum class Place : u8 { kScreen, kSerial };

class Script {
  public:
    explicit Script(std::vector<ScriptStep> steps);

    void heard(u8 byte);  // from the first serial line
    // Goes on as far as it can. `screen` is the text screen as one string, rows ended by \n;
    // `type` is told what to type and where.
    void advance(const std::string& screen,
                 const std::function<void(Place, const std::string&)>& type);
    bool finished() const { return steps_.empty(); }
    bool empty() const { return total_ == 0; }
    // What it waits for, for the message of a run that ended without it.
    std::string waiting_for() const;

  private:
    bool met(const std::string& screen, const std::string& text);

    std::deque<ScriptStep> steps_;
    std::size_t total_;
    Place place_ = Place::kScreen;
    std::string serial_;  // what no expectation has used up; bounded
    std::string stale_;   // the screen when the last expectation was met there
};

}  // namespace seventeen::app
