// seventeen-oracle: random cases on the host CPU and in the guest, compared.
#include <charconv>
#include <cstdio>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "tests/oracle/session.h"

namespace {

using namespace seventeen;
using namespace seventeen::oracle;

constexpr const char* kUsage =
    "usage: seventeen-oracle N [--seed S] [--first K] [--family NAME] [--stop-after D]\n"
    "                        [--engine interpreter|translator] [--block B] [--verbose]\n"
    "B: the longest block, in instructions (translator)\n";

struct Arguments {
    Session::Options session;
    std::optional<u64> seed;
    std::string family;
    bool have_count = false;
    bool translate = false;
    unsigned longest_block = 64;
};

u64 number(std::string_view option, std::string_view text) {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error(std::string(option) + ": \"" + std::string(text) + "\" is not a number");
    return value;
}

Arguments parse(std::span<char*> words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const auto argument = [&]() -> std::string_view {
            if (i + 1 == words.size()) throw Error(std::string(word) + " needs an argument");
            return words[++i];
        };
        if (word == "--seed") {
            arguments.seed = number(word, argument());
        } else if (word == "--first") {
            arguments.session.first = number(word, argument());
        } else if (word == "--family") {
            arguments.family = argument();
        } else if (word == "--stop-after") {
            arguments.session.stop_after = number(word, argument());
        } else if (word == "--engine") {
            const std::string_view engine = argument();
            arguments.translate = engine == "translator";
            if (engine != "interpreter" && !arguments.translate)
                throw Error("--engine: there is no engine \"" + std::string(engine) + "\"");
        } else if (word == "--block") {
            arguments.longest_block = static_cast<unsigned>(number(word, argument()));
        } else if (word == "--verbose") {
            arguments.session.verbose = true;
        } else {
            arguments.session.count = number("N", word);
            arguments.have_count = true;
        }
    }
    if (!arguments.have_count) throw Error("how many cases?");
    return arguments;
}

u64 fresh_seed() {
    std::random_device entropy;
    return entropy();
}

int compare_engines(const Arguments& arguments) {
    if (const std::string why = NativeCpu::unavailable(); !why.empty()) {
        std::printf("skipped: %s\n0 cases, 0 differences\n", why.c_str());
        return 0;
    }
    NativeCpu host;
    GuestCpu guest({host.has_low(), host.exit_page(), host.descriptors(), host.has_local_segments(),
                    arguments.translate ? arguments.longest_block : 0});
    const decoder::Decoder decoder;
    Generator generator(decoder, host);
    Runner runner(host, guest);
    if (!arguments.family.empty()) {
        const Catalogue::Family* family = generator.catalogue().find(arguments.family);
        if (!family) {
            std::string names;
            for (const auto& known : generator.catalogue().families())
                names += " " + std::string(known.name);
            throw Error("--family: no family \"" + arguments.family + "\"; there are" + names);
        }
        generator.restrict_to(family);
    }
    Session::Options options = arguments.session;
    options.seed = arguments.seed ? *arguments.seed : fresh_seed();
    std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
    Session session(decoder, generator, runner);
    return session.run(options) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return compare_engines(parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1)));
    } catch (const Error& error) {
        std::fprintf(stderr, "seventeen-oracle: %s\n%s", error.what(), kUsage);
        return 2;
    }
}
