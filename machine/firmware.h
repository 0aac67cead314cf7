// Firmware images: which sizes a board takes, and where the distribution keeps SeaBIOS.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/types.h"

namespace seventeen::machine {

// Throws Error where a PC's board has no socket for such an image.
void check_firmware(std::span<const u8> image);

// A file of the distribution's package `seabios`. Throws Error, which names the package, where it
// is not installed. SEVENTEEN_FIRMWARE names another directory to look in first.
std::vector<u8> find_firmware(const std::filesystem::path& file);

}  // namespace seventeen::machine
