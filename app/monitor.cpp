// Finds a line's command in the tables, parses its words, and lists the commands.
#include "app/monitor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "app/expression.h"
#include "app/formatted.h"
#include "app/monitor_command.h"
#include "core/error.h"

namespace seventeen::app {

namespace {

using Tables = std::array<std::span<const Command>, 3>;

std::string show_help(MonitorState& state, Arguments& arguments);
std::string show_info(MonitorState& state, Arguments& arguments);

constexpr std::array kOwnCommands = {
    Command{"help|?", "[command]",
            "this list, or one command of it; 'help info' lists what there is", show_help},
    Command{"info", "subject", "show the state of a part of the machine", show_info},
};

Tables all_commands() {
    return {kOwnCommands, control_commands(), memory_commands()};
}

Tables all_subjects() {
    return {info_commands(), interrupts_commands(), maps_commands()};
}

// Calls `use(name)` for each of a row's names.
template <typename Use>
void for_each_name(const Command& command, Use&& use) {
    std::string_view names = command.names;
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find('|'));
        use(name);
        names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
}

const Command* find(const Tables& tables, std::string_view name) {
    const Command* found = nullptr;
    for (const auto& table : tables)
        for (const Command& command : table)
            for_each_name(command, [&](std::string_view one) {
                if (one == name) found = &command;
            });
    return found;
}

std::string help_line(const Command& command, std::string_view before) {
    const std::string usage =
        std::string(before) + std::string(command.names) + " " + std::string(command.parameters);
    return formatted("%-30s %.*s\n", usage.c_str(), static_cast<int>(command.help.size()),
                     command.help.data());
}

std::string help_lines(const Tables& tables, std::string_view before) {
    std::vector<std::string> lines;
    for (const auto& table : tables)
        for (const Command& command : table) lines.push_back(help_line(command, before));
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

std::string show_help(MonitorState&, Arguments& arguments) {
    if (!arguments.more()) return help_lines(all_commands(), "");
    const std::string name = arguments.word("the command");
    arguments.end();
    if (name == "info") return help_lines(all_subjects(), "info ");
    const Command* command = find(all_commands(), name);
    if (command == nullptr) throw Error("there is no command '" + name + "'");
    return help_line(*command, "");
}

std::string show_info(MonitorState& state, Arguments& arguments) {
    if (!arguments.more()) return help_lines(all_subjects(), "info ");
    const std::string name = arguments.word("the subject");
    const Command* subject = find(all_subjects(), name);
    if (subject == nullptr)
        throw Error("there is no 'info " + name + "'; 'help info' lists what there is");
    return subject->run(state, arguments);
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() <= ' ' && text.back() >= 0)) text.remove_suffix(1);
    return text;
}

unsigned size_of(char letter) {
    switch (letter) {
        case 'b': return 1;
        case 'h': return 2;
        case 'w': return 4;
        case 'g': return 8;
        default: return 0;
    }
}

}  // namespace

// --- arguments ---

Arguments::Arguments(std::string_view text, const CpuState& cpu)
    : rest_(without_blanks(text)), cpu_(cpu) {}

std::string_view Arguments::take() {
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_ = without_blanks(rest_.substr(word.size()));
    return word;
}

// "x/4xw" is "x /4xw".
std::string Arguments::name() {
    const std::string_view name = rest_.substr(0, rest_.find_first_of(" /"));
    rest_ = without_blanks(rest_.substr(name.size()));
    return std::string(name);
}

std::string Arguments::word(const char* what) {
    if (!more()) throw Error(std::string(what) + " is missing");
    return std::string(take());
}

u64 Arguments::value(const char* what) {
    return evaluate(word(what), cpu_);
}

s32 Arguments::number(const char* what) {
    constexpr s64 kLargest = 1 << 20;
    const auto number = static_cast<s64>(value(what));
    if (number > kLargest || number < -kLargest) throw Error(std::string(what) + " is too large");
    return static_cast<s32>(number);
}

u64 Arguments::expression(const char* what) {
    if (!more()) throw Error(std::string(what) + " is missing");
    return evaluate(std::exchange(rest_, {}), cpu_);
}

DataFormat Arguments::format(DataFormat defaults) {
    constexpr unsigned kMost = 1 << 16;
    constexpr std::string_view kRadices = "xduoc";
    if (!rest_.starts_with('/')) return defaults;
    std::string_view text = take().substr(1);
    DataFormat format = defaults;
    const auto count = std::from_chars(text.data(), text.data() + text.size(), format.count);
    text.remove_prefix(static_cast<std::size_t>(count.ptr - text.data()));
    for (const char letter : text) {
        if (const unsigned size = size_of(letter); size != 0)
            format.size = size;
        else if (kRadices.find(letter) != std::string_view::npos)
            format.radix = letter;
        else
            throw Error(std::string("there is no format '") + letter +
                        "'; a format is a count, one of x d u o c and one of b h w g: /16xb");
    }
    if (count.ec == std::errc::result_out_of_range || format.count == 0 || format.count > kMost)
        throw Error("a format's count is from 1 to " + std::to_string(kMost));
    return format;
}

void Arguments::end() const {
    if (more()) throw Error("'" + std::string(rest_) + "' is too much; see 'help'");
}

// --- the monitor ---

Monitor::Monitor(machine::Pc& pc, MonitorLinks links)
    : state_{.pc = pc, .links = std::move(links)} {}

std::string Monitor::execute(std::string_view line) {
    Arguments arguments(line, state_.pc.platform().cpu());
    if (!arguments.more()) return {};
    try {
        const std::string name = arguments.name();
        const Command* command = find(all_commands(), name);
        if (command == nullptr)
            throw Error("there is no command '" + name + "'; 'help' lists what there is");
        return command->run(state_, arguments);
    } catch (const Error& error) {
        return std::string(error.what()) + "\n";
    }
}

std::vector<std::string> Monitor::completions(std::string_view line) const {
    const std::size_t blank = line.rfind(' ');
    const std::string_view before =
        blank == std::string_view::npos ? "" : without_blanks(line.substr(0, blank));
    const std::string_view last = blank == std::string_view::npos ? line : line.substr(blank + 1);
    Tables tables{};
    if (before.empty() || before == "help") tables = all_commands();
    if (before == "info") tables = all_subjects();
    std::vector<std::string> words;
    for (const auto& table : tables)
        for (const Command& command : table)
            for_each_name(command, [&](std::string_view name) {
                if (name.starts_with(last)) words.emplace_back(name);
            });
    std::sort(words.begin(), words.end());
    return words;
}

}  // namespace seventeen::app
