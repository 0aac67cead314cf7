// Reads a report of counters.
#pragma once

#include <string>

namespace seventeen::app {

// What stands behind a label.
inline std::string value_of(const std::string& report, const std::string& label) {
    const std::size_t at = report.find("  " + label + "  ");
    if (at == std::string::npos) return "no such line";
    const std::size_t end = report.find('\n', at);
    const std::size_t space = report.rfind(' ', end);
    return report.substr(space + 1, end - space - 1);
}

}  // namespace seventeen::app
