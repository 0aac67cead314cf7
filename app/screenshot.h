// Screenshots: what the monitor shows, as PNG or PPM.
#pragma once

#include <filesystem>
#include <vector>

#include "devices/picture.h"

namespace seventeen::app {

std::vector<u8> encode_png(const devices::Picture& picture);
std::vector<u8> encode_ppm(const devices::Picture& picture);

// PPM where the name ends in .ppm, else PNG. Throws Error where the picture is empty or the file
// cannot be written.
void save_screenshot(const devices::Picture& picture, const std::filesystem::path& file);

}  // namespace seventeen::app
