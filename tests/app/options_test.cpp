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
    CHECK(options->plan.memory == 16u << 20);
    CHECK(options->plan.cpu == "486");
    CHECK(options->max_instructions == 1000);
    CHECK(options->hash_every == 0x100);
    CHECK(options->print_state);
}

TEST_CASE("QEMU's spelling of the same") {
    const auto options = parse({"run", "-bios", "bios.bin", "-m", "32"});
    REQUIRE(options);
    CHECK(options->bios == "bios.bin");
    CHECK(options->plan.memory == 32u << 20);
}

TEST_CASE("Images, scripts and networks") {
    const auto options =
        parse({"run", "disk.img", "--cdrom", "cd.iso", "--expect", "login:", "--type", "root\\n",
               "--expect", "A:\\>", "--net", "user", "--forward", "tcp::2222-22", "--rtc",
               "1999-12-31T23:59:59", "--max-time", "1.5", "--commit"});
    REQUIRE(options);
    CHECK(options->plan.machine == "pc");
    CHECK(options->plan.images == std::vector<std::filesystem::path>{"disk.img"});
    CHECK(options->plan.cdrom == "cd.iso");
    using Kind = ScriptStep::Kind;
    CHECK(options->script == std::vector<ScriptStep>{{Kind::kExpect, "login:"},
                                                     {Kind::kType, "root\n"},
                                                     {Kind::kExpect, "A:\\>"}});
    CHECK(options->network.connected);
    CHECK(options->network.card == machine::NetworkCard::kRtl8029);
    REQUIRE(options->network.forwards.size() == 1);
    CHECK(options->network.forwards[0].guest_port == 22);
    CHECK(options->epoch == 946'684'799);
    CHECK(options->max_time == 1'500'000'000);
    CHECK(options->images.mode == storage::OpenMode::kCommit);
}

TEST_CASE("Reports are named between commas") {
    const auto with = [](const std::string& words) {
        return parse({"run", "--bios", "b", "--report", words})->reports;
    };
    CHECK(with("jit").jit);
    CHECK_FALSE(with("jit").mmu);
    CHECK(with("mmu,jit").jit);
    CHECK(with("mmu,jit").mmu);
    CHECK_FALSE(parse({"run", "--bios", "b"})->reports.mmu);
    CHECK_FALSE(with("mmu,jit").profile);
    CHECK(parse({"run", "--bios", "b", "--profile"})->reports.profile);
}

TEST_CASE("Tricks that are left out are named between commas") {
    const auto options = parse({"run", "--bios", "b", "--disable", "extents,young-soft"});
    using translator::Trick;
    CHECK(options->engine.translator.disabled.has(Trick::kExtents));
    CHECK(options->engine.translator.disabled.has(Trick::kYoungSoft));
    CHECK_FALSE(options->engine.translator.disabled.has(Trick::kWindows));
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
        {{"run", "--machine", "toaster"}, "toaster"},
        {{"run", "--machine", "bare", "disk.img"}, "no drives"},
        {{"run", "a.img", "--writable", "--commit"}, "exclude one another"},
        {{"run", "a.img", "--format", "vdi"}, "vdi"},
        {{"run", "a.img", "--forward", "tcp::1-2"}, "--net user"},
        {{"run", "a.img", "--net", "cable"}, "cable"},
        {{"run", "a.img", "--nic", "modem"}, "modem"},
        {{"run", "a.img", "--rtc", "yesterday"}, "yesterday"},
        {{"run", "a.img", "--max-time", "-1"}, "'-1'"},
        {{"run", "a.img", "--record", "r", "--replay", "p"}, "exclude one another"},
        {{"run", "a.img", "--type", "\\q"}, "escape"},
        {{"run", "--bios", "b", "--report", "jit,cpu"}, "'cpu' is neither jit nor mmu"},
        {{"run", "--bios", "b", "--disable", "gravity"}, "'gravity' is none of chaining"},
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
