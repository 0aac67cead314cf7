// Who may include whom: a folder knows only folders on floors below it.
#include <array>
#include <optional>
#include <regex>

#include "tests/style/rules.h"

namespace seventeen::style {

namespace {

struct Floor {
    std::string_view folder;
    int number;
};

constexpr std::array<Floor, 13> kHouse = {{
    {"core", 0},
    {"decoder", 1},
    {"mmu", 1},
    {"devices", 1},
    {"storage", 1},
    {"network", 1},
    {"privilege", 2},
    {"interpreter", 3},
    {"translator", 4},
    {"machine", 5},
    {"debugger", 6},
    {"app", 7},
    {"tests", 8},
}};

std::optional<int> floor_of(std::string_view folder) {
    for (const Floor& floor : kHouse)
        if (floor.folder == folder) return floor.number;
    return std::nullopt;
}

struct Include {
    std::size_t line;
    char bracket;
    std::string path;
};

std::vector<Include> includes(const SourceFile& file) {
    static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]*)[>"])");
    std::vector<Include> found;
    std::smatch match;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
        if (std::regex_search(file.lines[i], match, kInclude))
            found.push_back({i + 1, match.str(1)[0], match.str(2)});
    return found;
}

}  // namespace

void includes_only_lower_floors(const SourceFile& file, Complaints& complaints) {
    const std::string own = floor_of(file.home()) ? file.home() : file.folder();
    const std::optional<int> own_floor = floor_of(own);
    if (!file.is_cpp() || !own_floor) return;
    for (const Include& include : includes(file)) {
        if (include.bracket != '"') continue;
        const std::string folder = include.path.substr(0, include.path.find('/'));
        const std::optional<int> floor = floor_of(folder);
        if (folder == include.path || !floor) {
            complaints.push_back({file.path, include.line,
                                  "include \"" + include.path + "\" by its path from the root"});
            continue;
        }
        if (folder == own || (folder == "tests" && file.folder() == "tests")) continue;
        if (*floor >= *own_floor)
            complaints.push_back({file.path, include.line,
                                  own + "/ is on floor " + std::to_string(*own_floor) +
                                      " and must not know " + folder + "/ on floor " +
                                      std::to_string(*floor)});
    }
}

void only_decoder_includes_zydis(const SourceFile& file, Complaints& complaints) {
    if (file.folder() == "decoder") return;
    for (const Include& include : includes(file))
        if (include.path.starts_with("Zydis") || include.path.starts_with("Zycore"))
            complaints.push_back({file.path, include.line, "only decoder/ includes Zydis"});
}

}  // namespace seventeen::style
