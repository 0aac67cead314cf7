// Format: the kinds of disk image, recognised by what they hold and never by their names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/image.h"

namespace seventeen::storage {

enum class Format : u8 { kRaw, kQcow2, kVhd, kVmdk };

// As qemu-img calls them, but for VHD, which it calls vpc.
std::string_view format_name(Format format);
// Also takes qemu-img's other names; none for an unknown one.
std::optional<Format> format_by_name(std::string_view name);

// What the first sector makes of an image. Raw images have no mark, so a guest that writes such a
// sector 0 disguises its disk: RawMedium refuses to write one where the format was guessed.
Format format_of_first_sector(std::span<const u8> sector);
// Looks at the first sector and, for a fixed VHD, at the last. Throws Error for known formats that
// are not read here.
Format recognise(Image& file);

}  // namespace seventeen::storage
