// ImageInfo: what a disk image consists of and how it is used, for the user to see.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/format.h"

namespace seventeen::storage {

// What becomes of what the guest writes.
enum class OpenMode : u8 {
    kOverlay,   // forgotten with the machine; the image is opened to be read only
    kCommit,    // as kOverlay, and DiskImage::commit() writes it to the image
    kWritable,  // in the image at once
    kReadOnly,  // the guest cannot write
};

enum class FileRole : u8 { kImage, kBacking, kExtent };

struct ImageFile {
    std::filesystem::path path;
    FileRole role = FileRole::kImage;
    Format format = Format::kRaw;
    bool guessed = false;  // the format, from what the file holds
    u64 bytes = 0;         // of the file
};

struct ImageInfo {
    Format format = Format::kRaw;
    u64 size = 0;  // of the disk, in bytes
    OpenMode mode = OpenMode::kOverlay;
    // Every file of the host that the disk is read from: first the image, then the others in the
    // order in which they were opened. An image may name any file its user can read: show them.
    std::vector<ImageFile> files;
    std::vector<std::string> notes;
};

// Some lines of text, the first without indentation.
std::string describe(const ImageInfo& info);

}  // namespace seventeen::storage
