// VmdkImage: one file, several extents, parents.
#include "storage/vmdk_image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

std::unique_ptr<Image> open(std::vector<u8> bytes, MemoryCompanions& companions) {
    return VmdkImage::open(std::make_unique<MemoryImage>(std::move(bytes)), companions);
}

std::vector<u8> text(std::string_view text) {
    return ImageBytes(text.size()).text(0, text).bytes;
}

}  // namespace

TEST_CASE("a monolithic image is its own extent, whatever its name") {
    MemoryCompanions companions;
    const auto disk = open(small_vmdk().bytes, companions);
    CHECK(disk->size() == 32 * 512);
    CHECK(disk->identity() == "12345678");
    CHECK(contents(*disk, 8192, 4096) == std::vector<u8>(4096, 0x44));
    CHECK(companions.asked_name.empty());
}

TEST_CASE("extents follow one another") {
    MemoryCompanions companions;
    companions.files["flat"].bytes = std::vector<u8>(5 * 512, 0x99);
    companions.files["sparse"].bytes = small_vmdk().bytes;
    const auto disk = open(text("# Disk DescriptorFile\nCID=1\nRW 2 FLAT \"flat\" 3\nRW 0 ZERO\n"
                                "RW 24 SPARSE \"sparse\"\nRW 4 ZERO\nRW 1 FLAT \"flat\" 0\n"),
                           companions);
    CHECK(disk->size() == 31 * 512);
    auto all = contents(*disk, 0, 31 * 512);
    CHECK(all[2 * 512 - 1] == 0x99);
    CHECK(all[2 * 512] == 0);
    CHECK(all[2 * 512 + 8191] == 0);
    CHECK(all[2 * 512 + 8192] == 0x44);
    CHECK(all[26 * 512 - 1] == 0x44);
    CHECK(all[26 * 512] == 0);
    CHECK(all[30 * 512] == 0x99);
    CHECK(contents(*disk, 26 * 512 - 1, 2) == std::vector<u8>{0x44, 0});
}

TEST_CASE("a parent shows through where a sparse extent stores nothing") {
    MemoryCompanions companions;
    companions.files["sparse"].bytes = small_vmdk().bytes;
    companions.files["base"] = {std::vector<u8>(64 * 512, 0x77), "000000aa"};
    companions.files["base"].bytes[8 * 512] = 0x78;
    const std::string head = "# Disk DescriptorFile\nCID=1\nparentFileNameHint=\"base\"\n";
    const auto disk =
        open(text(head + "parentCID=000000AA\nRW 8 ZERO\nRW 32 SPARSE \"sparse\"\n"), companions);
    CHECK(contents(*disk, 8 * 512, 2) == std::vector<u8>{0x78, 0x77});
    CHECK(contents(*disk, 24 * 512, 1) == std::vector<u8>{0x44});
    CHECK_THROWS_WITH(open(text(head + "parentCID=000000AB\nRW 8 ZERO\n"), companions),
                      Catch::Contains("its parent base has changed since"));
}

TEST_CASE("extents that are too short, and parts of a disk, are refused") {
    MemoryCompanions companions;
    companions.files["flat"].bytes = std::vector<u8>(5 * 512);
    companions.files["sparse"].bytes = small_vmdk().bytes;
    const auto refused = [&](const std::string& lines, const char* why) {
        CHECK_THROWS_WITH(open(text(lines), companions), Catch::Contains(why));
    };
    refused("RW 3 FLAT \"flat\" 3", "it is 2560 bytes long, its descriptor says 1536 at 1536");
    refused("RW 33 SPARSE \"sparse\"", "holds 16384 bytes of disk, its descriptor says 16896");
    refused("RW 1 SPARSE \"flat\"", "no VMDK header at 0x0");
    refused("RW 1 FLAT \"none\"", "there is no none");
    CHECK_THROWS_WITH(open(small_vmdk().little64(36, 0).bytes, companions),
                      Catch::Contains("one part of a disk; name the small text file"));
    auto two = small_vmdk();
    const auto end = std::find(two.bytes.begin() + kVmdkDescriptor, two.bytes.end(), u8{0});
    two.text(static_cast<std::size_t>(end - two.bytes.begin()), "RW 1 ZERO\n");
    CHECK_THROWS_WITH(open(two.bytes, companions), Catch::Contains("lists 2 extents in one file"));
}

}  // namespace seventeen::storage
