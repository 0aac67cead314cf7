// Qcow2Image: every kind of cluster, and tables that lead astray.
#include "storage/qcow2_image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

std::unique_ptr<Image> open(const ImageBytes& image, MemoryCompanions& companions) {
    return Qcow2Image::open(std::make_unique<MemoryImage>(image.bytes), companions);
}

std::vector<u8> cluster(const ImageBytes& image, u64 number) {
    MemoryCompanions companions;
    return contents(*open(image, companions), number * 512, 512);
}

// Disk cluster 3 is compressed, at 2560 with the rest of its sector.
ImageBytes with_compressed(std::span<const u8> packed) {
    auto image = small_qcow2();
    image.bytes.resize(2560 + packed.size());
    return image.copy(2560, packed).big64(kQcow2Table + 24, u64{1} << 62 | 2560);
}

}  // namespace

TEST_CASE("clusters are plain, zero or missing") {
    CHECK(cluster(small_qcow2(), 0) == std::vector<u8>(512, 0x11));
    CHECK(cluster(small_qcow2(), 1) == std::vector<u8>(512, 0));
    CHECK(cluster(small_qcow2(), 2) == std::vector<u8>(512, 0x22));
    CHECK(cluster(small_qcow2(), 7) == std::vector<u8>(512, 0));
    CHECK(cluster(small_qcow2().big64(512, 0), 0) == std::vector<u8>(512, 0));
    CHECK(cluster(small_qcow2().big64(512, u64{1} << 63 | 1024), 0) == std::vector<u8>(512, 0x11));
    MemoryCompanions companions;
    auto across = contents(*open(small_qcow2(), companions), 510, 1024);
    CHECK(across[1] == 0x11);
    CHECK(across[2] == 0);
    CHECK(across[514] == 0x22);
}

TEST_CASE("missing clusters show the backing file, zero clusters do not") {
    auto image = small_qcow2().big64(8, 128).big32(16, 4).text(128, "base");
    MemoryCompanions companions;
    companions.files["base"].bytes = std::vector<u8>(5 * 512 + 100, 0x77);
    const auto disk = open(image, companions);
    CHECK(companions.asked_name == "base");
    CHECK_FALSE(companions.asked_format);
    CHECK(contents(*disk, 512, 512) == std::vector<u8>(512, 0));
    CHECK(contents(*disk, 4 * 512, 512) == std::vector<u8>(512, 0x77));
    auto last = contents(*disk, 5 * 512, 512);  // the backing file ends in it
    CHECK(last[99] == 0x77);
    CHECK(last[100] == 0);
}

TEST_CASE("compressed clusters are decompressed") {
    const std::vector<u8> plain(512, 0x5e);
    CHECK(cluster(with_compressed(deflated(plain, -12)), 3) == plain);
    const std::string why = "compressed cluster at 0xa00 cannot be decompressed";
    CHECK_THROWS_WITH(cluster(with_compressed(std::vector<u8>(20, 0xff)), 3), Catch::Contains(why));
    const auto half = deflated(std::vector<u8>(256, 1), -12);
    CHECK_THROWS_WITH(cluster(with_compressed(half), 3), Catch::Contains(why));
    auto outside = small_qcow2().big64(kQcow2Table, u64{1} << 62 | 0x10'0000);
    CHECK_THROWS_WITH(cluster(outside, 0), Catch::Contains("compressed cluster at 0x100000 does"));
}

TEST_CASE("tables that lead out of the file are damage") {
    const auto refused = [](const ImageBytes& image, const char* why) {
        CHECK_THROWS_WITH(cluster(image, 0), Catch::Contains(why));
    };
    refused(small_qcow2().big64(512, 1u << 20), "second-level table at 0x100000");
    refused(small_qcow2().big64(512, 0x00ff'ffff'ffff'fe00), "second-level table");
    refused(small_qcow2().big64(kQcow2Table, 2560), "cluster at 0xa00");
    refused(small_qcow2().big64(kQcow2Table, 0x00ff'ffff'ffff'fe00), "cluster at");
    auto large = small_qcow2().big32(20, 10);  // clusters of 1 KiB: 1536 is inside one
    refused(large.big64(40, 0).big64(0, 0x5146'49fb'0000'0003), "second-level table");
    auto version2 = small_qcow2().big32(4, 2).big64(kQcow2Table, 1);
    refused(version2, "zero cluster, which version 2 does not know");
}

TEST_CASE("the user is told of marks in the header") {
    MemoryCompanions companions;
    open(small_qcow2().big64(72, 3), companions);
    REQUIRE(companions.notes.size() == 2);
    CHECK(companions.notes[0].find("marked as corrupt") != std::string::npos);
    CHECK(companions.notes[1].find("not closed") != std::string::npos);
}

}  // namespace seventeen::storage
