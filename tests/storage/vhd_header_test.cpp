// VhdHeader: footers and headers, whole and damaged.
#include "storage/vhd_header.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

VhdHeader header_of(const ImageBytes& image) {
    MemoryImage file(image.bytes);
    return read_vhd_header(file);
}

void refused(ImageBytes image, const std::string& why) {
    seal_vhd(image);
    CHECK_THROWS_WITH(header_of(image), Catch::Contains(why));
}

ImageBytes differencing() {
    auto image = small_vhd();
    image.big32(60, 4).text(512 + 40, "identity of base").text(512 + 65, "B").text(512 + 67, "c");
    seal_vhd(image);
    return image;
}

// A relative path in the file's block 1.
ImageBytes with_locator(u32 length, u64 offset) {
    auto image = differencing();
    const std::size_t locator = 512 + 576 + 24;
    image.text(locator, "W2ru").big32(locator + 8, length).big64(locator + 16, offset);
    const std::string_view path = ".\\Old\\B.vhd";
    for (std::size_t i = 0; i < path.size(); ++i) image.text(2560 + 2 * i, path.substr(i, 1));
    for (std::size_t i = 0; i < path.size(); ++i) image.fill(2561 + 2 * i, 1, 0);
    seal_vhd(image);
    return image;
}

}  // namespace

TEST_CASE("a dynamic header is read") {
    const VhdHeader header = header_of(small_vhd());
    CHECK(header.type == VhdType::kDynamic);
    CHECK(header.size == 12288);
    CHECK(header.block_size == 4096);
    CHECK(header.table_offset == 1536);
    CHECK(header.identity == "6964656e74697479206f66206469736b");
}

TEST_CASE("the parent's path is relative, or else its name") {
    CHECK(header_of(differencing()).parent_name == "Bc");
    CHECK(header_of(differencing()).parent_identity == "6964656e74697479206f662062617365");
    CHECK(header_of(with_locator(22, 2560)).parent_name == "Old/B.vhd");
    refused(with_locator(22, 1 << 20), "the path of its parent, 22 bytes at 0x100000");
    refused(with_locator(~0u, 0), "the path of its parent");
    refused(differencing().fill(512 + 64, 8, 0), "does not say what its parent is");
}

TEST_CASE("damaged and lying VHDs are refused") {
    CHECK_THROWS_WITH(header_of(small_vhd().big32(48, 1)), Catch::Contains("checksum of its foot"));
    CHECK_THROWS_WITH(header_of(small_vhd().big32(544, 1)), Catch::Contains("mark or checksum"));
    refused(small_vhd().big32(12, 0x2'0000), "VHD of version 0x20000");
    refused(small_vhd().big64(48, ~u64{0}), "more than a disk can have");
    refused(small_vhd().big32(60, 5), "its disk type is 5");
    refused(small_vhd().big64(16, 1 << 20), "dynamic disk header at 0x100000");
    refused(small_vhd().big64(16, ~u64{0}), "dynamic disk header");
    refused(small_vhd().text(512, "cxsparze"), "mark or checksum");
    refused(small_vhd().big32(512 + 24, 0x2'0000), "of version 0x20000");
    refused(small_vhd().big32(512 + 32, 4097), "blocks are of 4097 bytes");
    refused(small_vhd().big32(512 + 32, 256), "blocks are of 256 bytes");
    refused(small_vhd().big32(512 + 32, 0), "blocks are of 0 bytes");
    refused(small_vhd().big32(512 + 28, 2), "2 entries, too few");
    refused(small_vhd().big32(512 + 28, ~0u), "block table at 0x600 does not lie");
    refused(small_vhd().big64(512 + 16, ~u64{0} - 3), "block table");
    MemoryImage nothing({});
    CHECK_THROWS_WITH(read_vhd_header(nothing), Catch::Contains("no VHD footer"));
}

TEST_CASE("a fixed disk is as long as its file, or shorter") {
    ImageBytes image(2048 + 512);
    const auto sized = [&](u64 size) {
        image.text(2048, "conectix").big32(2048 + 12, 0x1'0000).big32(2048 + 60, 2);
        return image.big64(2048 + 48, size).vhd_checksum(2048, 512, 64);
    };
    CHECK(header_of(sized(2048)).size == 2048);
    CHECK_THROWS_WITH(header_of(sized(2049)), Catch::Contains("2049 bytes, the file 2560"));
}

}  // namespace seventeen::storage
