// The translator's counters in words.
#include "app/jit_report.h"

#include <iterator>

#include "translator/translator.h"

namespace seventeen::app {

std::string describe_engine(const Engine& engine) {
    std::string text = "engine: " + std::string(engine.name()) + "\n";
    const auto* translator = dynamic_cast<const translator::Translator*>(&engine);
    if (translator == nullptr) return text;
    using translator::Statistics;
    struct Row {
        const char* label;
        u64 Statistics::*counter;
    };
    constexpr Row kRows[] = {
        {"blocks translated", &Statistics::blocks},
        {"guest instructions in them", &Statistics::guest_instructions},
        {"guest bytes", &Statistics::guest_bytes},
        {"host bytes", &Statistics::host_bytes},
        {"instructions without a rule", &Statistics::fallbacks},
        {"branches linked", &Statistics::links},
        {"blocks whose source was written", &Statistics::invalidated},
        {"code cache emptied", &Statistics::cache_flushes},
        {"entries into translated code", &Statistics::entries},
        {"callouts: one instruction interpreted", &Statistics::interpreted},
        {"callouts: guest exceptions", &Statistics::faults},
        {"callouts: branch not linked yet", &Statistics::direct_exits},
        {"callouts: indirect target unknown", &Statistics::indirect_misses},
        {"callouts: event due", &Statistics::events},
        {"host faults", &Statistics::host_faults},
        {"FPU loads", &Statistics::fpu_loads},
        {"window mappings made", &Statistics::fills},
        {"pages in them", &Statistics::filled_pages},
        {"ranges dropped for a page table", &Statistics::drops},
        {"pages protected for a guard", &Statistics::protections},
        {"windows emptied", &Statistics::window_flushes},
        {"instructions that gave up their window", &Statistics::soft_sites},
    };
    for (const Row& row : kRows)
        text += std::string(row.label) + ": " +
                std::to_string(translator->statistics().*row.counter) + "\n";
    return text;
}

}  // namespace seventeen::app
