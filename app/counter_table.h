// Counter tables: lines of a report, a label and a number, where structures hold the numbers.
#pragma once

#include <cinttypes>
#include <span>
#include <string>

#include "app/formatted.h"
#include "core/types.h"

namespace seventeen::app {

inline std::string counter_line(const char* label, u64 value) {
    return formatted("  %-44s %15" PRIu64 "\n", label, value);
}

template <typename Counters>
struct CounterRow {
    const char* label;
    u64 Counters::*counter;
};

template <typename Counters, std::size_t kRows>
std::string counter_lines(const Counters& counters, const CounterRow<Counters> (&rows)[kRows]) {
    std::string text;
    for (const auto& row : rows) text += counter_line(row.label, counters.*row.counter);
    return text;
}

}  // namespace seventeen::app
