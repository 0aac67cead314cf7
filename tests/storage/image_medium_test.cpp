// ImageMedium: whole sectors of images that end in the middle of one.
#include "storage/image_medium.h"

#include <catch2/catch.hpp>

#include "tests/storage/memory_image.h"

namespace seventeen::storage {

TEST_CASE("a partial last sector is filled up with zeros") {
    ImageMedium medium(std::make_unique<MemoryImage>(std::vector<u8>(1000, 7)));
    CHECK(medium.sectors() == 2);
    CHECK_FALSE(medium.writable());
    std::vector<u8> sector(512, 1);
    medium.read(1, sector);
    CHECK(sector[487] == 7);
    CHECK(sector[488] == 0);
    CHECK(sectors_of(0) == 0);
    CHECK(sectors_of(~u64{0}) == u64{1} << 55);
}

}  // namespace seventeen::storage
