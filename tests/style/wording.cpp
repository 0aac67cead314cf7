// What files say and what they are called: purposes, names, macros, promises of safety.
#include <algorithm>
#include <regex>

#include "tests/style/function_scanner.h"
#include "tests/style/rules.h"

namespace seventeen::style {

namespace {

// Is the line a comment, in the language of its file? Then `text` is what the comment says.
bool comment(const SourceFile& file, const std::string& line, std::string& text) {
    static const std::regex kCpp(R"(^//\s*(.*?)\s*$)");
    static const std::regex kOther(R"(^(?:#|;|//)\s*(.*?)\s*$)");  // scripts, assembly
    const bool source = file.ends_with(".h") || file.ends_with(".cpp");
    std::smatch match;
    if (!std::regex_match(line, match, source ? kCpp : kOther)) return false;
    text = match[1];
    return true;
}

}  // namespace

void first_line_says_purpose(const SourceFile& file, Complaints& complaints) {
    std::size_t first = 0;
    if (!file.lines.empty() && file.lines[0].starts_with("#!")) first = 1;
    std::string paragraph;
    std::string text;
    for (std::size_t i = first; i < file.lines.size() && comment(file, file.lines[i], text); ++i) {
        if (text.empty()) break;
        paragraph += (paragraph.empty() ? "" : " ") + text;
    }
    static const std::regex kSentence(R"(^\S+( \S+){2,}[.]( |$))");
    if (!std::regex_search(paragraph, kSentence))
        complaints.push_back({file.path, first + 1,
                              "start with a comment: one sentence that says the purpose of the "
                              "file and ends with a full stop"});
}

void namespaces_match_folders(const SourceFile& file, Complaints& complaints) {
    const std::string folder = file.home();
    if (!file.is_cpp() || file.ends_with(".inc") || folder.empty()) return;
    const std::string own = folder == "core" ? "seventeen" : "seventeen::" + folder;
    const bool is_test = file.folder() == "tests";  // may teach Catch2 to print core's types
    for (const NamespaceBlock& block : outline(file).namespaces) {
        const bool inside = folder != "core" && block.name.starts_with(own + "::");
        if (!block.outermost || block.name == own || inside) continue;
        if (is_test && block.name == "seventeen") continue;
        if (block.name.empty() && file.name() == "main.cpp") continue;  // main() is in none
        complaints.push_back({file.path, block.line,
                              "namespace '" + block.name + "' must be " + own + ", as the folder"});
    }
}

void file_name_is_snake_case(const SourceFile& file, Complaints& complaints) {
    static const std::regex kSnake(R"(^[a-z0-9_]+(\.[a-zA-Z]+)?$|^CMakeLists\.txt$)");
    if (!std::regex_match(file.name(), kSnake))
        complaints.push_back({file.path, 1, "file names are snake_case"});
}

void headers_are_guarded(const SourceFile& file, Complaints& complaints) {
    if (!file.ends_with(".h")) return;
    if (std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
        complaints.push_back({file.path, 1, "a header has #pragma once"});
    const bool declares = std::any_of(file.code.begin(), file.code.end(), [](const auto& line) {
        return line.find_first_of("{;") != std::string::npos;
    });
    if (!declares)
        complaints.push_back({file.path, 1, "an umbrella header: it only includes others"});
}

void macros_are_not_functions(const SourceFile& file, Complaints& complaints) {
    static const std::regex kMacro(R"(^\s*#\s*define\s+(\w+)\()");
    std::smatch match;
    for (std::size_t i = 0; i < file.lines.size() && file.is_cpp(); ++i)
        if (std::regex_search(file.lines[i], match, kMacro) &&
            match.str(1) != "SEVENTEEN_INSTRUCTION")
            complaints.push_back(
                {file.path, i + 1, match.str(1) + " is a function-like macro: write a function"});
}

void conditional_code_is_in_host_files(const SourceFile& file, Complaints& complaints) {
    static const std::regex kCondition(R"(^\s*#\s*(if|ifdef|ifndef|elif)\b)");
    static const std::regex kHostFile(R"(_(linux|x86|x86_64|portable)\.(cpp|h)$)");
    if (!file.is_cpp() || std::regex_search(file.path, kHostFile)) return;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
        if (std::regex_search(file.lines[i], kCondition))
            complaints.push_back(
                {file.path, i + 1, "conditional compilation belongs in host files (*_linux.cpp)"});
}

void casts_say_why_they_are_safe(const SourceFile& file, Complaints& complaints) {
    constexpr std::size_t kNear = 12;  // lines above the cast, so that one promise covers a pair
    for (std::size_t i = 0; i < file.code.size(); ++i) {
        if (file.code[i].find("reinterpret_cast<") == std::string::npos) continue;
        const auto last = file.lines.begin() + static_cast<long>(i) + 1;
        const auto first = last - static_cast<long>(std::min(i + 1, kNear + 1));
        const bool said = std::any_of(first, last, [](const std::string& line) {
            return line.find("// SAFETY: ") != std::string::npos;
        });
        if (!said)
            complaints.push_back(
                {file.path, i + 1, "say above the reinterpret_cast why it holds: // SAFETY: …"});
    }
}

void nothing_is_left_for_later(const SourceFile& file, Complaints& complaints) {
    static const std::regex kLater(R"(\b(TO)"
                                   R"(DO|FIX)"
                                   R"(ME|XX)"
                                   R"(X)\b)");
    static const std::regex kDeadCode(
        R"(^\s*//\s*[A-Za-z_][\w:.>\[\]-]*(\(.*\)|\s[-+|&^]?=\s.*);$)");
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (std::regex_search(file.lines[i], kLater))
            complaints.push_back({file.path, i + 1, "a note for later: do it, or open an issue"});
        if (file.is_cpp() && std::regex_search(file.lines[i], kDeadCode))
            complaints.push_back({file.path, i + 1, "commented-out code: delete it"});
    }
}

}  // namespace seventeen::style
