// Numbers, sizes, times and places as the command line writes them.
#include "app/option_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/error.h"

namespace seventeen::app {

namespace {

constexpr u64 kSmallestMemory = 1u << 20;
constexpr u64 kLargestMemory = u64{3} << 30;  // what lies below the chips' addresses

struct NamedTrick {
    std::string_view name;
    translator::Trick trick;
};
using translator::Trick;
constexpr std::array<NamedTrick, static_cast<std::size_t>(Trick::kCount)> kTricks{{
    {"chaining", Trick::kChaining},
    {"far-chaining", Trick::kFarChaining},
    {"indirect-table", Trick::kIndirectTable},
    {"young-soft", Trick::kYoungSoft},
    {"adaptive", Trick::kAdaptive},
    {"quiet-attention", Trick::kQuietAttention},
    {"unroll", Trick::kUnroll},
    {"extents", Trick::kExtents},
    {"kernel-window", Trick::kKernelWindow},
    {"kernel-writes", Trick::kKernelWrites},
    {"windows", Trick::kWindows},
    {"loose-code", Trick::kLooseCode},
    {"joining", Trick::kJoining},
    {"crossings", Trick::kCrossings},
    {"table-writes", Trick::kTableWrites},
    {"dense-count", Trick::kDenseCount},
    {"return-pairs", Trick::kReturnPairs},
    {"fsgsbase", Trick::kFsgsbase},
    {"esp-fold", Trick::kEspFold},
    {"thunks", Trick::kThunks},
}};

// What stands between commas.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        words.push_back(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.size(), words.back().size() + 1));
    }
    return words;
}

}  // namespace

std::string trick_names() {
    std::string names;
    for (const NamedTrick& it : kTricks)
        names += (names.empty() ? "" : ", ") + std::string(it.name);
    return names;
}

machine::EngineOptions parse_engine(const std::string& accelerator, const std::string& disabled) {
    machine::EngineOptions options;
    if (accelerator == "interpret")
        options.kind = machine::EngineKind::kInterpreter;
    else if (accelerator.empty() || accelerator == "translate" || accelerator == "auto")
        options.kind = machine::EngineKind::kTranslator;
    else
        throw Error("--accel: '" + accelerator + "' is neither translate nor interpret");
    for (const std::string_view name : words_of(disabled)) {
        const auto found = std::ranges::find(kTricks, name, &NamedTrick::name);
        if (found == kTricks.end())
            throw Error("--disable: '" + std::string(name) + "' is none of " + trick_names());
        options.translator.disabled.set(found->trick);
    }
    return options;
}

ReportOptions parse_reports(const std::string& text) {
    ReportOptions reports;
    for (const std::string_view name : words_of(text)) {
        if (name == "jit")
            reports.jit = true;
        else if (name == "mmu")
            reports.mmu = true;
        else
            throw Error("--report: '" + std::string(name) + "' is neither jit nor mmu");
    }
    return reports;
}

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

u64 parse_seconds(const std::string& option, const std::string& text) {
    constexpr double kMost = 1e9;
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0) ||
        seconds > kMost)
        throw Error(option + ": '" + text + "' is not a number of seconds (write 90 or 0.5)");
    return static_cast<u64>(std::llround(seconds * 1e9));
}

s64 parse_clock(const std::string& text) {
    using namespace std::chrono;
    if (text == "now")
        return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
    int y = 0;
    unsigned mo = 0, d = 0, h = 0, mi = 0, s = 0;
    char rest = 0;
    const int fields =
        std::sscanf(text.c_str(), "%d-%u-%uT%u:%u:%u%c", &y, &mo, &d, &h, &mi, &s, &rest);
    const year_month_day date{year(y), month(mo), day(d)};
    if (fields == 6 && date.ok() && y >= 1970 && y < 2100 && h < 24 && mi < 60 && s < 60)
        return (sys_days(date).time_since_epoch() + hours(h) + minutes(mi) + seconds(s)) /
               seconds(1);
    if (text.find_first_not_of("0123456789") == std::string::npos)
        return static_cast<s64>(parse_number("--rtc", text));
    throw Error("--rtc: '" + text +
                "' is no time: write 2020-01-01T12:00:00, now, or seconds since 1970");
}

}  // namespace seventeen::app
