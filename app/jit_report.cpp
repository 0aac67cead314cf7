// The translator's counters in words.
#include "app/jit_report.h"

#include <algorithm>
#include <array>
#include <vector>

#include "app/counter_table.h"
#include "app/seventeen.h"
#include "translator/translator.h"

namespace seventeen::app {

namespace {

using decoder::Mnemonic;
using translator::CalloutCause;
using translator::Census;
using translator::MnemonicCounts;
using translator::Statistics;

double ratio(u64 part, u64 whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string describe_code(const Statistics& statistics, const Census& census) {
    constexpr double kPercent = 100;
    std::string text = "blocks\n" + counter_line("alive", census.blocks) +
                       counter_lines<Statistics>(
                           statistics, {{"translated", &Statistics::blocks},
                                        {"dead: source written", &Statistics::invalidated},
                                        {"of loose pages", &Statistics::loose_blocks},
                                        {"of those, found stale", &Statistics::stale},
                                        {"code cache emptied", &Statistics::cache_flushes},
                                        {"guest instructions", &Statistics::guest_instructions},
                                        {"guest bytes", &Statistics::guest_bytes},
                                        {"host bytes", &Statistics::host_bytes},
                                        {"instructions without a rule", &Statistics::fallbacks},
                                        {"calls of thunks", &Statistics::thunks}});
    text += formatted("  %-44s %15.2f\n", "host bytes for each guest byte",
                      ratio(statistics.host_bytes, statistics.guest_bytes));
    text += counter_line("modes", census.modes);
    text += counter_line("code cache: bytes used", census.code_bytes);
    text += counter_line("code cache: bytes", census.code_capacity);
    text += counter_line("direct exits", census.direct_exits);
    text += formatted("  %-44s %14.1f%%\n", "of these, chained",
                      kPercent * ratio(census.linked_exits, census.direct_exits));
    return text + counter_line("exits chained, ever", statistics.links);
}

std::string describe_exits(const Statistics& statistics) {
    return "exits and callouts\n" +
           counter_lines<Statistics>(
               statistics, {{"entries into translated code", &Statistics::entries},
                            {"instructions retired since them", &Statistics::retired},
                            {"one instruction interpreted", &Statistics::interpreted},
                            {"guest exceptions", &Statistics::faults},
                            {"direct branch not chained", &Statistics::direct_exits},
                            {"indirect target not in table", &Statistics::indirect_misses},
                            {"instruction count run out", &Statistics::events},
                            {"returns without a pair", &Statistics::unpaired},
                            {"all pairs dropped", &Statistics::pair_drops},
                            {"privilege levels crossed at once", &Statistics::crossings},
                            {"page tables written at once", &Statistics::table_writes},
                            {"host faults", &Statistics::host_faults},
                            {"FPU registers loaded", &Statistics::fpu_loads}});
}

std::string heading(const char* title) {
    return formatted("%-20s %12s %12s %12s %12s %10s %10s\n", title, "interpreted", "no rule",
                     "slow path", "host fault", "translated", "left");
}

std::string line(std::string_view name, const MnemonicCounts& counts) {
    return formatted("  %-18.*s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %10" PRIu64
                     " %10" PRIu64 "\n",
                     static_cast<int>(name.size()), name.data(), counts.interpreted(),
                     counts.callouts_for(CalloutCause::kNoRule),
                     counts.callouts_for(CalloutCause::kSlowPath),
                     counts.callouts_for(CalloutCause::kHostFault), counts.translated, counts.left);
}

MnemonicCounts sum_of(const Statistics& statistics, std::span<const Mnemonic> mnemonics) {
    MnemonicCounts sum;
    for (const Mnemonic mnemonic : mnemonics) sum += statistics.of(mnemonic);
    return sum;
}

std::string describe_the_seventeen(const Statistics& statistics) {
    std::string text = heading("the seventeen");
    for (const SensitiveInstruction& it : the_seventeen())
        text += line(it.name, sum_of(statistics, it.mnemonics));
    return text;
}

// Privileged ones, and sensitive ones that are none of the seventeen.
std::string describe_privileged(const Statistics& statistics) {
    std::string text = heading("other sensitive ones");
    for (std::size_t i = 1; i < statistics.mnemonics.size(); ++i) {
        const auto mnemonic = static_cast<Mnemonic>(i);
        const decoder::Class kind = decoder::row(mnemonic).kind;
        const bool listed =
            kind == decoder::Class::kPrivileged ||
            (kind == decoder::Class::kSensitive && !is_one_of_the_seventeen(mnemonic));
        const MnemonicCounts& counts = statistics.mnemonics[i];
        if (listed && counts.interpreted() + counts.translated + counts.left != 0)
            text += line(decoder::row(mnemonic).name, counts);
    }
    return text;
}

std::string describe_most_interpreted(const Statistics& statistics) {
    constexpr std::size_t kMost = 20;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < statistics.mnemonics.size(); ++i)
        if (statistics.mnemonics[i].interpreted() != 0) order.push_back(i);
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return statistics.mnemonics[a].interpreted() > statistics.mnemonics[b].interpreted();
    });
    if (order.size() > kMost) order.resize(kMost);
    std::string text = heading("most interpreted");
    for (const std::size_t i : order)
        text += line(decoder::row(static_cast<Mnemonic>(i)).name, statistics.mnemonics[i]);
    return text;
}

}  // namespace

std::string describe_translator(const Statistics& statistics, const Census& census) {
    return describe_code(statistics, census) + describe_exits(statistics) +
           describe_most_interpreted(statistics) + describe_the_seventeen(statistics) +
           describe_privileged(statistics);
}

std::string describe_engine(const Engine& engine) {
    const std::string text = "engine: " + std::string(engine.name()) + "\n";
    const auto* translator = dynamic_cast<const translator::Translator*>(&engine);
    return translator ? text + describe_translator(translator->statistics(), translator->census())
                      : text;
}

}  // namespace seventeen::app
