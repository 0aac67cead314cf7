// The snapshot file's frame: magic, sections, checksums; nothing in a file is believed unchecked.
#include "core/snapshot.h"

#include "core/check.h"
#include "core/digest.h"
#include "core/error.h"

namespace seventeen {

namespace {

constexpr std::string_view kMagic = "17\r\nsave";  // a transfer as text damages it visibly
constexpr u32 kFormat = 1;
constexpr std::size_t kCountOffset = kMagic.size() + sizeof kFormat;

}  // namespace

Writer::Writer() {
    bytes(kMagic.data(), kMagic.size());
    put(kFormat);
    put(u32{0});  // the number of sections, patched by finish()
}

void Writer::begin(std::string_view section, u32 version) {
    check(!open_, "a snapshot section is begun inside another");
    check(names_.emplace(section).second, "two snapshot sections have the same name");
    open_ = true;
    section_start_ = out_.size();
    string(section);
    put(version);
    put(u64{0});  // the payload's length, patched by end()
    payload_start_ = out_.size();
}

void Writer::end() {
    check(open_, "a snapshot section is ended that was not begun");
    open_ = false;
    patch(payload_start_ - sizeof(u64), u64{out_.size() - payload_start_});
    put(digest(std::span(out_).subspan(section_start_)));
}

void Writer::bytes(const void* data, std::size_t size) {
    const u8* first = static_cast<const u8*>(data);
    out_.insert(out_.end(), first, first + size);
}

void Writer::string(std::string_view text) {
    put(static_cast<u32>(text.size()));
    bytes(text.data(), text.size());
}

std::vector<u8> Writer::finish() && {
    check(!open_, "a snapshot is finished inside a section");
    patch(kCountOffset, static_cast<u32>(names_.size()));
    return std::move(out_);
}

Reader::Reader(std::span<const u8> image, std::string origin)
    : origin_(std::move(origin)), rest_(image) {
    if (image.size() < kMagic.size() ||
        std::memcmp(image.data(), kMagic.data(), kMagic.size()) != 0)
        fail("this is not a file that Seventeen saved");
    take(kMagic.size());
    const u32 format = get<u32>();
    if (format != kFormat)
        fail("it has format " + std::to_string(format) + ", this program reads format " +
             std::to_string(kFormat) + ": use the program that saved it");
    const u32 count = get<u32>();
    for (u32 i = 0; i < count; ++i) read_section();
    if (!rest_.empty()) fail("the file is damaged: bytes follow the last section");
}

void Reader::read_section() {
    const std::span<const u8> start = rest_;
    std::string name = string();
    Section section;
    section.version = get<u32>();
    const u64 length = get<u64>();
    section.payload = take(length);
    const u64 expected = digest(start.first(start.size() - rest_.size()));
    if (get<u64>() != expected) fail("section '" + name + "' is damaged: its checksum is wrong");
    if (!sections_.emplace(std::move(name), section).second)
        fail("the file is damaged: a section appears twice");
}

u32 Reader::begin(std::string_view section, u32 oldest, u32 newest) {
    check(name_.empty(), "a snapshot section is read inside another");
    const auto found = sections_.find(section);
    if (found == sections_.end()) fail("section '" + std::string(section) + "' is missing");
    Section& open = found->second;
    if (open.version < oldest || open.version > newest)
        fail("section '" + found->first + "' has version " + std::to_string(open.version) +
             ", this program reads " + std::to_string(oldest) + " to " + std::to_string(newest) +
             ": use the program that saved it");
    open.opened = true;
    name_ = found->first;
    rest_ = open.payload;
    return open.version;
}

void Reader::end() {
    check(!name_.empty(), "a snapshot section is ended that was not begun");
    if (!rest_.empty()) damaged(std::to_string(rest_.size()) + " bytes are left over");
    name_.clear();
}

bool Reader::has(std::string_view section) const {
    return sections_.contains(section);
}

void Reader::finish() const {
    for (const auto& [name, section] : sections_)
        if (!section.opened)
            fail("section '" + name + "' is unknown here: use the machine that saved it");
}

void Reader::bytes(void* into, std::size_t size) {
    const std::span<const u8> from = take(size);
    if (size != 0) std::memcpy(into, from.data(), size);
}

std::string Reader::string() {
    const std::span<const u8> text = take(get<u32>());
    return {text.begin(), text.end()};
}

void Reader::damaged(std::string_view why) const {
    fail("section '" + name_ + "' is damaged: " + std::string(why));
}

std::span<const u8> Reader::take(std::size_t size) {
    if (size > rest_.size()) {
        if (name_.empty()) fail("the file is damaged: it ends too early");
        damaged("it ends too early");
    }
    const std::span<const u8> taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
}

bool Reader::get_bool() {
    const u8 value = get<u8>();
    if (value > 1) damaged("a truth value is neither 0 nor 1");
    return value != 0;
}

void Reader::fail(std::string_view why) const {
    throw Error(origin_ + ": " + std::string(why));
}

}  // namespace seventeen
