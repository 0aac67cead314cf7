// Format: recognised by content, never taken for another.
#include "storage/format.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

Format recognised(std::vector<u8> bytes) {
    MemoryImage image(std::move(bytes));
    return recognise(image);
}

}  // namespace

TEST_CASE("each format is recognised by its marks") {
    CHECK(recognised(small_qcow2().bytes) == Format::kQcow2);
    CHECK(recognised(small_vhd().bytes) == Format::kVhd);
    CHECK(recognised(small_vmdk().bytes) == Format::kVmdk);
    CHECK(recognised(ImageBytes(600).text(0, "# Disk DescriptorFile\n").bytes) == Format::kVmdk);
    CHECK(recognised({}) == Format::kRaw);
    CHECK(recognised(std::vector<u8>(1000)) == Format::kRaw);
    CHECK(recognised(ImageBytes(3).text(0, "QFI").bytes) == Format::kRaw);
}

TEST_CASE("a fixed VHD is known by a valid footer at its end") {
    ImageBytes image(512 + 512);
    image.text(512, "conectix").big32(512 + 60, 2).vhd_checksum(512, 512, 64);
    CHECK(recognised(image.bytes) == Format::kVhd);
    CHECK(recognised(ImageBytes(image).big32(512 + 20, 1).bytes) == Format::kRaw);  // checksum
    image.big32(512 + 60, 4).vhd_checksum(512, 512, 64);  // names a parent, but not at the start
    CHECK(recognised(image.bytes) == Format::kRaw);
}

TEST_CASE("known formats that are not read are named") {
    CHECK_THROWS_WITH(recognised(ImageBytes(512).text(0, "vhdxfile").bytes),
                      Catch::Contains("format VHDX") && Catch::Contains("qemu-img convert"));
    CHECK_THROWS_WITH(recognised(ImageBytes(512).big32(0x40, 0x7f10'dabe).bytes),
                      Catch::Contains("VDI"));
    CHECK_THROWS_WITH(recognised(ImageBytes(512).text(0, "COWD").bytes), Catch::Contains("ESX"));
}

TEST_CASE("formats have names") {
    for (const Format format : {Format::kRaw, Format::kQcow2, Format::kVhd, Format::kVmdk})
        CHECK(format_by_name(format_name(format)) == format);
    CHECK(format_by_name("vpc") == Format::kVhd);
    CHECK_FALSE(format_by_name("luks"));
}

}  // namespace seventeen::storage
