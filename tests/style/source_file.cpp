// Reads files into lines and blanks out what is not code.
#include "tests/style/source_file.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/file.h"

namespace seventeen::style {

namespace {

namespace fs = std::filesystem;

bool identifier(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Blanks C++ text in place, a token at a time.
class Blanker {
  public:
    explicit Blanker(std::string& text) : text_(text) {}

    void run() {
        while (at_ < text_.size()) {
            if (starts("//")) {
                blank_to(line_end());
            } else if (starts("/*")) {
                blank_to(after("*/", at_ + 2));
            } else if (starts("R\"") && (at_ == 0 || !identifier(text_[at_ - 1]))) {
                raw_string();
            } else if (text_[at_] == '"') {
                quoted('"');
            } else if (text_[at_] == '\'' && (at_ == 0 || !identifier(text_[at_ - 1]))) {
                quoted('\'');  // elsewhere it separates digits
            } else if (text_[at_] == '#' && first_in_line()) {
                directive();
            } else {
                ++at_;
            }
        }
    }

  private:
    bool starts(std::string_view token) const {
        return text_.compare(at_, token.size(), token) == 0;
    }
    std::size_t line_end() const { return std::min(text_.find('\n', at_), text_.size()); }
    std::size_t after(std::string_view token, std::size_t from) const {
        const std::size_t found = text_.find(token, from);
        return found == std::string::npos ? text_.size() : found + token.size();
    }
    bool first_in_line() const {
        std::size_t i = at_;
        while (i > 0 && (text_[i - 1] == ' ' || text_[i - 1] == '\t')) --i;
        return i == 0 || text_[i - 1] == '\n';
    }
    void blank_to(std::size_t end) {
        for (; at_ < end; ++at_)
            if (text_[at_] != '\n') text_[at_] = ' ';
    }
    void directive() {
        std::size_t end = line_end();
        while (end < text_.size() && text_[end - 1] == '\\')
            end = std::min(text_.find('\n', end + 1), text_.size());
        blank_to(end);
    }
    void quoted(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
            end += text_[end] == '\\' ? 2 : 1;
        ++at_;
        blank_to(std::min(end, text_.size()));
        ++at_;
    }
    void raw_string() {
        const std::size_t open = text_.find('(', at_);
        if (open == std::string::npos) return blank_to(text_.size());
        const std::string close = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
        blank_to(after(close, open));
    }

    std::string& text_;
    std::size_t at_ = 0;
};

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool has_purpose(const fs::path& path) {
    constexpr std::array<std::string_view, 9> kExtensions = {".h",  ".cpp", ".inc",   ".asm", ".c",
                                                             ".py", ".sh",  ".cmake", ".S"};
    if (path.filename() == "CMakeLists.txt") return true;
    return std::find(kExtensions.begin(), kExtensions.end(), path.extension()) != kExtensions.end();
}

SourceFile load(const fs::path& root, const fs::path& path) {
    constexpr u64 kMostBytes = 1 << 24;
    const std::vector<u8> bytes = read_file(path, kMostBytes);
    return {path.lexically_relative(root).string(), std::string(bytes.begin(), bytes.end())};
}

}  // namespace

SourceFile::SourceFile(std::string file_path, std::string_view text)
    : path(std::move(file_path)), lines(split_lines(text)) {
    if (!is_cpp()) return;
    std::string blanked(text);
    Blanker(blanked).run();
    code = split_lines(blanked);
}

std::string SourceFile::folder() const {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string SourceFile::home() const {
    constexpr std::string_view kTests = "tests/";
    if (!path.starts_with(kTests)) return folder();
    const std::size_t slash = path.find('/', kTests.size());
    if (slash == std::string::npos) return folder();
    return path.substr(kTests.size(), slash - kTests.size());
}

std::string SourceFile::name() const {
    return path.substr(path.rfind('/') + 1);
}

std::vector<SourceFile> project_files(const fs::path& root) {
    std::vector<SourceFile> files;
    for (const char* script : {"run", "test", ".ci/run", "CMakeLists.txt"})
        if (fs::exists(root / script)) files.push_back(load(root, root / script));
    for (const fs::directory_entry& folder : fs::directory_iterator(root)) {
        const std::string name = folder.path().filename().string();
        if (!folder.is_directory() || name == "build" || name.starts_with('.')) continue;
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file() && has_purpose(entry.path()))
                files.push_back(load(root, entry.path()));
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace seventeen::style
