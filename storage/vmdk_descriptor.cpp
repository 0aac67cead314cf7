// Parses VMDK descriptors line by line; every number is checked, every name is left as it is.
#include "storage/vmdk_descriptor.h"

#include <charconv>
#include <optional>

namespace seventeen::storage {

namespace {

constexpr std::string_view kNoParent = "ffffffff";
constexpr std::size_t kMostExtents = 4096;  // 8 TB in files of 2 GB
constexpr u64 kMaxSectors = kMaxDiskSize / 512;

struct TypeName {
    std::string_view name;
    VmdkExtentType type;
};

// VMFS is a flat file on a server's disk.
constexpr TypeName kTypes[] = {{"FLAT", VmdkExtentType::kFlat},
                               {"VMFS", VmdkExtentType::kFlat},
                               {"SPARSE", VmdkExtentType::kSparse},
                               {"ZERO", VmdkExtentType::kZero}};

constexpr bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// Takes a word, or what stands between quotation marks, from the start of the line.
std::string_view take_word(std::string_view& line) {
    line = trimmed(line);
    const bool quoted = line.starts_with('"');
    if (quoted) line.remove_prefix(1);
    std::size_t end = quoted ? line.find('"') : line.find_first_of(" \t");
    if (end == std::string_view::npos) end = line.size();
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    if (quoted && !line.empty()) line.remove_prefix(1);
    return word;
}

std::optional<u64> number(std::string_view text) {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

class DescriptorParser {
  public:
    explicit DescriptorParser(const Image& file) : file_(file) {}

    void line(std::string_view text);
    VmdkDescriptor finish();

  private:
    void setting(const std::string& key, std::string_view value);
    void extent(std::string_view access, std::string_view rest, std::string_view whole);
    VmdkExtentType type(std::string_view name);

    const Image& file_;
    VmdkDescriptor descriptor_;
};

void DescriptorParser::line(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.front() == '#') return;
    std::string_view rest = text;
    const std::string_view first = take_word(rest);
    if (first == "RW" || first == "RDONLY" || first == "NOACCESS") return extent(first, rest, text);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return;
    std::string_view value = text.substr(equals + 1);
    setting(lower(trimmed(text.substr(0, equals))), take_word(value));
}

void DescriptorParser::setting(const std::string& key, std::string_view value) {
    if (key == "cid") descriptor_.content_id = lower(value);
    if (key == "parentcid" && lower(value) != kNoParent)
        descriptor_.parent_content_id = lower(value);
    if (key == "parentfilenamehint") descriptor_.parent_name = value;
}

// RW 4192256 SPARSE "disk-s001.vmdk"; RW 204800 FLAT "disk-flat.vmdk" 0; RW 63 ZERO
void DescriptorParser::extent(std::string_view access, std::string_view rest,
                              std::string_view whole) {
    if (access == "NOACCESS")
        file_.unsupported("it has an extent that must not be accessed",
                          "convert it with the program that made it");
    const std::optional<u64> sectors = number(take_word(rest));
    VmdkExtentLine line;
    line.type = type(take_word(rest));
    if (line.type != VmdkExtentType::kZero) line.file = take_word(rest);
    const std::string_view offset = take_word(rest);
    const std::optional<u64> first = offset.empty() ? 0 : number(offset);
    const bool named = line.type == VmdkExtentType::kZero || !line.file.empty();
    if (!sectors || !first || !named || *first > kMaxSectors || *sectors > kMaxSectors)
        file_.damaged("this line of its descriptor makes no sense: " +
                      std::string(whole.substr(0, 200)));
    line.sectors = *sectors;
    line.first_sector = line.type == VmdkExtentType::kFlat ? *first : 0;
    descriptor_.extents.push_back(std::move(line));
    if (descriptor_.extents.size() > kMostExtents || descriptor_.sectors() > kMaxSectors)
        file_.damaged("its extents are more than a disk can have");
}

VmdkExtentType DescriptorParser::type(std::string_view name) {
    for (const TypeName& known : kTypes)
        if (known.name == name) return known.type;
    file_.unsupported("it has an extent of the type '" + std::string(name.substr(0, 32)) +
                          "'; FLAT, VMFS, SPARSE and ZERO are supported",
                      "convert it with qemu-img convert");
}

VmdkDescriptor DescriptorParser::finish() {
    if (descriptor_.extents.empty()) file_.damaged("its descriptor lists no extent");
    if (!descriptor_.parent_content_id.empty() && descriptor_.parent_name.empty())
        file_.damaged("its descriptor does not say what its parent is");
    return std::move(descriptor_);
}

}  // namespace

u64 VmdkDescriptor::sectors() const {
    u64 sum = 0;
    for (const VmdkExtentLine& extent : extents) sum += extent.sectors;
    return sum;
}

VmdkDescriptor parse_vmdk_descriptor(const Image& file, std::string_view text) {
    text = text.substr(0, text.find('\0'));
    DescriptorParser parser(file);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        parser.line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.finish();
}

}  // namespace seventeen::storage
