// VmdkDescriptor: lines that are understood and lines that are not.
#include "storage/vmdk_descriptor.h"

#include <catch2/catch.hpp>

#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

VmdkDescriptor parse(std::string_view text) {
    return parse_vmdk_descriptor(MemoryImage({}), text);
}

}  // namespace

TEST_CASE("a descriptor is read") {
    const VmdkDescriptor descriptor = parse(
        "# Disk DescriptorFile\r\nversion=1\r\n  CID = ABCDEF01 \r\nparentCID=00000012\n"
        "parentFileNameHint=\"the base.vmdk\"\n\nRW 100 FLAT \"a b.vmdk\" 7\n"
        "RDONLY 20 SPARSE \"c.vmdk\"\nRW 3 ZERO\nddb.geometry.heads = \"16\"\n");
    CHECK(descriptor.content_id == "abcdef01");
    CHECK(descriptor.parent_content_id == "00000012");
    CHECK(descriptor.parent_name == "the base.vmdk");
    REQUIRE(descriptor.extents.size() == 3);
    CHECK(descriptor.sectors() == 123);
    CHECK(descriptor.extents[0].type == VmdkExtentType::kFlat);
    CHECK(descriptor.extents[0].file == "a b.vmdk");
    CHECK(descriptor.extents[0].first_sector == 7);
    CHECK(descriptor.extents[1].type == VmdkExtentType::kSparse);
    CHECK(descriptor.extents[1].sectors == 20);
    CHECK(descriptor.extents[2].type == VmdkExtentType::kZero);
}

TEST_CASE("a descriptor ends at the first NUL, and need not end its last line") {
    using namespace std::string_view_literals;
    CHECK(parse("RW 1 ZERO\0RW 1 ZERO"sv).sectors() == 1);
    CHECK(parse("parentCID=FFFFFFFF\nRW 1 ZERO"sv).parent_content_id.empty());
}

TEST_CASE("descriptors that make no sense are refused") {
    const auto refused = [](std::string_view text, const char* why) {
        CHECK_THROWS_WITH(parse(text), Catch::Contains(why));
    };
    refused("", "lists no extent");
    refused("parentCID=1\nRW 1 ZERO", "does not say what its parent is");
    refused("RW x ZERO", "this line of its descriptor makes no sense: RW x ZERO");
    refused("RW 1 FLAT", "makes no sense");
    refused("RW -1 ZERO", "makes no sense");
    refused("RW 99999999999999999999 ZERO", "makes no sense");
    refused("RW 1 FLAT \"x\" 18446744073709551615", "makes no sense");
    refused("RW 1 SESPARSE \"x\"", "type 'SESPARSE'");
    refused("NOACCESS 1 ZERO", "must not be accessed");
    refused("RW 281474976710656 ZERO\nRW 1 ZERO", "more than a disk can have");
    std::string many;
    for (int i = 0; i < 4097; ++i) many += "RW 0 ZERO\n";
    refused(many, "more than a disk can have");
}

}  // namespace seventeen::storage
