// Encodes pictures, PNG by libpng.
#include "app/screenshot.h"

#include <png.h>

#include <string>

#include "core/error.h"
#include "core/file.h"

namespace seventeen::app {

namespace {

// Red, green, blue of each pixel.
std::vector<u8> colours(const devices::Picture& picture) {
    std::vector<u8> bytes;
    bytes.reserve(picture.pixels.size() * 3);
    for (const u32 pixel : picture.pixels)
        for (const unsigned shift : {16, 8, 0}) bytes.push_back(static_cast<u8>(pixel >> shift));
    return bytes;
}

}  // namespace

std::vector<u8> encode_png(const devices::Picture& picture) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = picture.width;
    image.height = picture.height;
    image.format = PNG_FORMAT_RGB;
    image.flags = PNG_IMAGE_FLAG_FAST;
    const std::vector<u8> pixels = colours(picture);
    png_alloc_size_t size = 0;
    const auto encode = [&](u8* into) {
        return png_image_write_to_memory(&image, into, &size, 0, pixels.data(), 0, nullptr) != 0;
    };
    std::vector<u8> file;
    bool done = encode(nullptr);  // tells the size
    if (done) {
        file.resize(size);
        done = encode(file.data());
    }
    if (!done) throw Error(std::string("cannot encode the picture as PNG: ") + image.message);
    file.resize(size);
    return file;
}

std::vector<u8> encode_ppm(const devices::Picture& picture) {
    const std::string header =
        "P6\n" + std::to_string(picture.width) + " " + std::to_string(picture.height) + "\n255\n";
    std::vector<u8> file(header.begin(), header.end());
    const std::vector<u8> pixels = colours(picture);
    file.insert(file.end(), pixels.begin(), pixels.end());
    return file;
}

void save_screenshot(const devices::Picture& picture, const std::filesystem::path& file) {
    if (picture.pixels.empty()) throw Error("the screen is empty: there is nothing to save");
    write_file(file, file.extension() == ".ppm" ? encode_ppm(picture) : encode_png(picture));
}

}  // namespace seventeen::app
