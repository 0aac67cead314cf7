// SourceFile: one file of the project as the style rules see it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace seventeen::style {

struct SourceFile {
    std::string path;  // from the project's root: "core/bus.h"
    std::vector<std::string> lines;
    // C++ only, the same lines with comments, directives and what stands in quotes blanked out.
    std::vector<std::string> code;

    SourceFile(std::string path, std::string_view text);

    bool is_cpp() const { return ends_with(".h") || ends_with(".cpp") || ends_with(".inc"); }
    bool ends_with(std::string_view suffix) const { return path.ends_with(suffix); }
    std::string folder() const;  // "core"; empty for a file in the root
    // The folder whose rules it keeps: "mmu" for mmu/x.cpp and for its test tests/mmu/x_test.cpp.
    std::string home() const;
    std::string name() const;  // "bus.h"
};

// What a rule found; `line` counts from one.
struct Complaint {
    std::string path;
    std::size_t line = 0;
    std::string what;
};
using Complaints = std::vector<Complaint>;
using Rule = void (*)(const SourceFile& file, Complaints& complaints);

// Every file that is ours and has a purpose to state: sources, build files and scripts.
std::vector<SourceFile> project_files(const std::filesystem::path& root);

}  // namespace seventeen::style
