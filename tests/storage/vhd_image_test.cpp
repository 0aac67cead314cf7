// VhdImage: blocks, bitmaps and parents.
#include "storage/vhd_image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

const std::string kParentIdentity = "6964656e74697479206f662062617365";

std::unique_ptr<Image> open(ImageBytes image, MemoryCompanions& companions) {
    seal_vhd(image);
    return VhdImage::open(std::make_unique<MemoryImage>(image.bytes), companions);
}

ImageBytes differencing() {
    auto image = small_vhd();
    return image.big32(60, 4).text(512 + 40, "identity of base").text(512 + 65, "B");
}

}  // namespace

TEST_CASE("blocks of a dynamic disk are there or zeros") {
    MemoryCompanions companions;
    const auto disk = open(small_vhd(), companions);
    CHECK(disk->size() == 12288);
    CHECK(contents(*disk, 0, 4096) == std::vector<u8>(4096, 0));
    CHECK(contents(*disk, 4096, 4096) == std::vector<u8>(4096, 0x33));
    auto across = contents(*disk, 8000, 400);
    CHECK(across[191] == 0x33);
    CHECK(across[192] == 0);
}

TEST_CASE("a differencing disk takes single sectors from its parent") {
    MemoryCompanions companions;
    companions.files["B"] = {std::vector<u8>(12288, 0x66), kParentIdentity};
    auto image = differencing();
    image.fill(2048, 1, 0xa0);  // sectors 0 and 2 of the block
    const auto disk = open(image, companions);
    CHECK(companions.asked_format == Format::kVhd);
    CHECK(contents(*disk, 0, 512) == std::vector<u8>(512, 0x66));
    for (unsigned sector = 0; sector < 4; ++sector)
        CHECK(contents(*disk, 4096 + sector * 512, 512) ==
              std::vector<u8>(512, sector % 2 == 0 ? 0x33 : 0x66));
    auto across = contents(*disk, 4096 + 500, 100);
    CHECK(across[11] == 0x33);
    CHECK(across[12] == 0x66);
}

TEST_CASE("another parent is refused") {
    MemoryCompanions companions;
    companions.files["B"] = {std::vector<u8>(12288), "another"};
    CHECK_THROWS_WITH(open(differencing(), companions),
                      Catch::Contains("its parent B is not the image that it was made of"));
}

TEST_CASE("a block outside the file is damage") {
    MemoryCompanions companions;
    const auto outside = open(small_vhd().big32(1540, 1000), companions);
    CHECK_THROWS_WITH(contents(*outside, 4096, 1), Catch::Contains("block at 0x7d000 does not"));
    const auto partly = open(small_vhd().big32(1540, 6), companions);
    CHECK_THROWS_WITH(contents(*partly, 4096, 1), Catch::Contains("block at 0xc00 does not"));
}

}  // namespace seventeen::storage
