// The command line: what is accepted, in both spellings, and what is refused in clear words.
#include "app/options.h"

#include <catch2/catch.hpp>

#include "core/error.h"

namespace seventeen::app {

namespace {

std::optional<RunOptions> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "seventeen");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

// The message of the Error that the words raise.
std::string refusal(const std::vector<std::string>& words) {
    try {
        parse(words);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("A run's options") {
    const auto options =
        parse({"run", "--raw", "a.bin@0x7c00", "--raw", "b.bin@4096", "--memory", "16M", "--cpu",
               "486", "--max-instructions", "1000", "--hash-every", "0x100", "--print-state"});
    REQUIRE(options);
    REQUIRE(options->raw.size() == 2);
    CHECK(options->raw[0].file == "a.bin");
    CHECK(options->raw[0].address.value == 0x7c00);
    CHECK(options->raw[1].address.value == 4096);
    CHECK(options->memory == 16u << 20);
    CHECK(options->cpu == "486");
    CHECK(options->max_instructions == 1000);
    CHECK(options->hash_every == 0x100);
    CHECK(options->print_state);
}

TEST_CASE("QEMU's spelling of the same") {
    const auto options = parse({"run", "-bios", "bios.bin", "-m", "32"});
    REQUIRE(options);
    CHECK(options->bios == "bios.bin");
    CHECK(options->memory == 32u << 20);
}

TEST_CASE("What makes no sense is refused, naming the option") {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{"run"}, "nothing to run"},
        {{"run", "--raw", "a.bin"}, "FILE@ADDRESS"},
        {{"run", "--raw", "@0x100"}, "FILE@ADDRESS"},
        {{"run", "--raw", "a.bin@zero"}, "'zero' is not a number"},
        {{"run", "--bios", "b", "--memory", "0"}, "between 1M and 3G"},
        {{"run", "--bios", "b", "--memory", "999999999999999G"}, "between 1M and 3G"},
        {{"run", "--bios", "b", "--memory", "12x"}, "'12x' is not a number"},
        {{"run", "--bios", "b", "--cpu", "z80"}, "z80"},
        {{"run", "--bios", "b", "--hash-every", "0"}, "at least 1"},
        {{"run", "--bios", "b", "--max-instructions", "-5"}, "'-5' is not a number"},
        {{"run", "--bios", "b", "--frobnicate"}, "--frobnicate"},
        {{"walk"}, "run --help"},
        {{}, "run --help"},
    };
    for (const auto& [words, part] : cases) {
        const std::string message = refusal(words);
        INFO(part << " in: " << message);
        CHECK(message.find(part) != std::string::npos);
        CHECK(message.find('\n') == std::string::npos);
    }
}

}  // namespace seventeen::app
