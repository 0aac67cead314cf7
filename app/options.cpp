// The command line: our words, and QEMU's single-dash spelling of the same.
#include "app/options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <iostream>

#include "core/error.h"
#include "privilege/cpu_model.h"

namespace seventeen::app {

namespace {

constexpr u64 kSmallestMemory = 1u << 20;
constexpr u64 kLargestMemory = u64{3} << 30;  // what lies below the chips' addresses

// A number, decimal or 0x…; all of `text`, or an Error that names `option`.
u64 parse_number(const std::string& option, std::string_view text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = hexadecimal ? text.substr(2) : text;
    u64 value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        throw Error(option + ": '" + std::string(text) +
                    "' is not a number (write 4096 or 0x1000)");
    return value;
}

// 512K, 64M, 1G; a bare number counts MiB, as QEMU's -m does.
u64 parse_memory(std::string text) {
    struct Unit {
        char letter;
        unsigned shift;
    };
    constexpr std::array<Unit, 3> kUnits{{{'K', 10}, {'M', 20}, {'G', 30}}};
    unsigned shift = 20;
    if (!text.empty()) {
        for (const Unit& unit : kUnits) {
            if (std::toupper(static_cast<unsigned char>(text.back())) != unit.letter) continue;
            shift = unit.shift;
            text.pop_back();
            break;
        }
    }
    const u64 count = parse_number("--memory", text);
    const bool overflow = count > kLargestMemory >> shift;
    const u64 bytes = overflow ? 0 : count << shift;
    if (bytes < kSmallestMemory || bytes % kPageSize != 0)
        throw Error("--memory: must be between 1M and 3G, in whole pages of 4K");
    return bytes;
}

RawImage parse_raw(const std::string& text) {
    const auto at = text.rfind('@');
    if (at == std::string::npos || at == 0)
        throw Error("--raw: '" + text + "' should read FILE@ADDRESS, like boot.bin@0x7c00");
    return {text.substr(0, at), {parse_number("--raw", std::string_view(text).substr(at + 1))}};
}

// The words that QEMU spells with one dash.
std::string long_spelling(const std::string& word) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kWords{
        {{"-m", "--memory"}, {"-bios", "--bios"}, {"-cpu", "--cpu"}, {"-help", "--help"}}};
    for (const auto& [theirs, ours] : kWords)
        if (word == theirs) return std::string(ours);
    return word;
}

// What CLI11 stores, before it is checked.
struct Words {
    std::string memory;
    std::string limit;
    std::string hash_every;
    std::vector<std::string> raw;
};

void describe(CLI::App& run, RunOptions& options, Words& words) {
    run.add_option("--bios", options.bios, "Firmware image; the CPU starts at its reset vector");
    run.add_option("--raw", words.raw,
                   "FILE@ADDRESS: put FILE into RAM; without --bios the CPU "
                   "starts at the first one, in real mode");
    run.add_option("--memory", words.memory,
                   "RAM: 64M (the default), 512K, 1G; a bare number is MiB");
    run.add_option("--cpu", options.cpu, "CPU model: 486, pentium, pentium3 or max (the default)");
    run.add_option("--max-instructions", words.limit, "Stop after N retired instructions");
    run.add_option("--hash-every", words.hash_every,
                   "At each multiple of N instructions print 'hash INSTRUCTIONS DIGEST' on stderr");
    run.add_flag("--print-state", options.print_state, "Print the CPU's registers at the end");
}

void check_words(RunOptions& options, const Words& words) {
    if (!words.memory.empty()) options.memory = parse_memory(words.memory);
    if (!words.limit.empty())
        options.max_instructions = parse_number("--max-instructions", words.limit);
    if (!words.hash_every.empty()) {
        options.hash_every = parse_number("--hash-every", words.hash_every);
        if (options.hash_every == 0) throw Error("--hash-every: must be at least 1");
    }
    for (const std::string& text : words.raw) options.raw.push_back(parse_raw(text));
    if (options.bios.empty() && options.raw.empty())
        throw Error("nothing to run: give --bios FILE or --raw FILE@ADDRESS");
    privilege::cpu_model(options.cpu);  // throws where there is none of that name
}

}  // namespace

std::optional<RunOptions> parse_command_line(int argc, char** argv) {
    CLI::App program(
        "Seventeen runs unmodified x86 operating systems without hardware "
        "virtualization.",
        "seventeen");
    program.require_subcommand(1);
    CLI::App& run = *program.add_subcommand("run", "Run a guest");
    RunOptions options;
    Words words;
    describe(run, options, words);
    std::vector<std::string> arguments;  // CLI11 takes them last first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(long_spelling(argv[i]));
    try {
        program.parse(arguments);
    } catch (const CLI::CallForHelp& help) {
        std::cout << (run.parsed() ? run.help() : program.help());
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw Error(std::string(error.what()) + " (try: seventeen run --help)");
    }
    check_words(options, words);
    return options;
}

}  // namespace seventeen::app
