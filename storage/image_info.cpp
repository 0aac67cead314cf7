// Spells out what a disk image consists of.
#include "storage/image_info.h"

namespace seventeen::storage {

namespace {

const char* what_becomes_of_writes(OpenMode mode) {
    switch (mode) {
        case OpenMode::kOverlay: return "forgotten at the end; the image stays as it is";
        case OpenMode::kCommit: return "kept apart until they are committed to the image";
        case OpenMode::kWritable: return "go to the image at once";
        case OpenMode::kReadOnly: return "none, read only";
    }
    return "?";
}

std::string line(const std::string& label, const std::string& text) {
    constexpr std::size_t kColumn = 9;
    return "    " + label + ":" + std::string(kColumn - label.size(), ' ') + printable(text) + "\n";
}

std::string file_text(const ImageFile& file) {
    return file.path.string() + " (" + std::string(format_name(file.format)) +
           (file.guessed ? ", recognised by content" : "") + ", " + std::to_string(file.bytes) +
           " bytes)";
}

}  // namespace

std::string describe(const ImageInfo& info) {
    std::string text;
    for (const ImageFile& file : info.files) {
        switch (file.role) {
            case FileRole::kImage:
                text += printable(file_text(file)) + "\n" +
                        line("disk", std::to_string(info.size) + " bytes") +
                        line("writes", what_becomes_of_writes(info.mode));
                break;
            case FileRole::kBacking: text += line("backing", file_text(file)); break;
            case FileRole::kExtent: text += line("extent", file_text(file)); break;
        }
    }
    for (const std::string& note : info.notes) text += line("note", note);
    return text;
}

}  // namespace seventeen::storage
