// What a monitor command is: a row of a table, a function, and the words behind its name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/monitor.h"

namespace seventeen::app {

// "/4xw": how many, shown how, of which size.
struct DataFormat {
    unsigned count = 1;
    char radix = 'x';  // x hexadecimal, d signed, u unsigned, o octal, c character
    unsigned size = 4;
};

// The words of a line; each throws Error for what is missing or wrong.
class Arguments {
  public:
    Arguments(std::string_view text, const CpuState& cpu);

    std::string name();  // the command's
    bool more() const { return !rest_.empty(); }
    std::string word(const char* what);
    u64 value(const char* what);       // one word
    s32 number(const char* what);      // one word, signed
    u64 expression(const char* what);  // all the rest
    // `defaults` with what a word that begins with a slash says.
    DataFormat format(DataFormat defaults);
    // Nothing may follow.
    void end() const;

  private:
    std::string_view take();

    std::string_view rest_;
    const CpuState& cpu_;
};

struct Command {
    std::string_view names;  // "cont|c": any of them
    std::string_view parameters;
    std::string_view help;
    std::string (*run)(MonitorState&, Arguments&);
};

// Each in a file of its name: monitor_control.cpp …
std::span<const Command> control_commands();
std::span<const Command> memory_commands();
// What follows `info`.
std::span<const Command> info_commands();
std::span<const Command> interrupts_commands();
std::span<const Command> maps_commands();

}  // namespace seventeen::app
