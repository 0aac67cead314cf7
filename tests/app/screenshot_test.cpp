// Screenshots decoded again: the same pixels, in both formats.
#include "app/screenshot.h"

#include <png.h>

#include <catch2/catch.hpp>

#include "core/file.h"

namespace seventeen::app {

namespace {

using devices::Picture;

Picture gradient(unsigned width, unsigned height) {
    Picture picture;
    picture.resize(width, height);
    for (unsigned y = 0; y < height; ++y)
        for (unsigned x = 0; x < width; ++x) picture.row(y)[x] = (x * 3) << 16 | (y * 5) << 8 | 7;
    return picture;
}

Picture decode_png(const std::vector<u8>& file) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    REQUIRE(png_image_begin_read_from_memory(&image, file.data(), file.size()) != 0);
    image.format = PNG_FORMAT_RGB;
    std::vector<u8> bytes(PNG_IMAGE_SIZE(image));
    REQUIRE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr) != 0);
    Picture picture;
    picture.resize(image.width, image.height);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i)
        picture.pixels[i] = bytes[3 * i] << 16 | bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
    return picture;
}

}  // namespace

TEST_CASE("PNG holds the picture's pixels") {
    const Picture picture = gradient(80, 25);
    const Picture decoded = decode_png(encode_png(picture));
    CHECK(decoded.width == 80);
    CHECK(decoded.height == 25);
    CHECK(decoded.pixels == picture.pixels);
    CHECK(decode_png(encode_png(gradient(1, 1))).pixels == std::vector<u32>{7});
}

TEST_CASE("PPM holds the picture's pixels") {
    Picture picture;
    picture.resize(2, 1);
    picture.pixels = {0x414243, 0x616263};
    const std::vector<u8> file = encode_ppm(picture);
    CHECK(std::string(file.begin(), file.end()) == "P6\n2 1\n255\nABCabc");
}

TEST_CASE("The name's end chooses the format") {
    const auto folder = std::filesystem::temp_directory_path() / "seventeen_screenshot_test";
    std::filesystem::create_directory(folder);
    const Picture picture = gradient(20, 10);
    save_screenshot(picture, folder / "a.png");
    save_screenshot(picture, folder / "a.ppm");
    CHECK(decode_png(read_file(folder / "a.png", 1 << 20)).pixels == picture.pixels);
    CHECK(read_file(folder / "a.ppm", 1 << 20) == encode_ppm(picture));
    std::filesystem::remove_all(folder);
    CHECK_THROWS_WITH(save_screenshot(picture, folder / "a.png"), Catch::Contains("a.png"));
    CHECK_THROWS_WITH(save_screenshot({}, "a.png"), Catch::Contains("empty"));
}

}  // namespace seventeen::app
