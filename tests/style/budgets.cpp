// How long files, functions and parameter lists may be.
#include "tests/style/function_scanner.h"
#include "tests/style/rules.h"

namespace seventeen::style {

namespace {

// TEST_CASE and its kin take lists of types; they are macros, not functions of ours.
bool is_macro(const std::string& name) {
    return name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
}

std::string over(std::size_t count, const char* of, std::size_t most) {
    return std::to_string(count) + of + ", at most " + std::to_string(most) + " are allowed";
}

bool scanned(const SourceFile& file) {
    return file.is_cpp() && !file.ends_with(".inc");
}

}  // namespace

void file_is_short(const SourceFile& file, Complaints& complaints) {
    if (file.ends_with(".inc") || file.lines.size() <= kMostFileLines) return;
    complaints.push_back(
        {file.path, file.lines.size(), over(file.lines.size(), " lines", kMostFileLines)});
}

void functions_are_short(const SourceFile& file, Complaints& complaints) {
    if (!scanned(file)) return;
    for (const Function& function : outline(file).functions) {
        const bool dispatches = 3 * function.case_lines >= function.body_lines;
        if (function.body_lines <= kMostBodyLines || dispatches) continue;
        complaints.push_back(
            {file.path, function.line,
             function.name + " has " + over(function.body_lines, " lines", kMostBodyLines)});
    }
}

void parameters_are_few(const SourceFile& file, Complaints& complaints) {
    if (!scanned(file)) return;
    for (const Function& function : outline(file).functions) {
        if (function.parameters <= kMostParameters || is_macro(function.name)) continue;
        complaints.push_back(
            {file.path, function.line,
             function.name + " has " + over(function.parameters, " parameters", kMostParameters)});
    }
}

}  // namespace seventeen::style
