// Image: the end of an image, and how trouble is worded.
#include "storage/image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

TEST_CASE("what lies past the end of an image reads as zeros") {
    MemoryImage image({1, 2, 3});
    CHECK(contents(image, 1, 4) == std::vector<u8>{2, 3, 0, 0});
    CHECK(contents(image, 3, 2) == std::vector<u8>{0, 0});
    CHECK(contents(image, ~u64{0}, 2) == std::vector<u8>{0, 0});
}

TEST_CASE("a piece lies within a size without overflow") {
    CHECK(lies_within(0, 0, 0));
    CHECK(lies_within(2, 3, 5));
    CHECK_FALSE(lies_within(2, 4, 5));
    CHECK_FALSE(lies_within(6, 0, 5));
    CHECK_FALSE(lies_within(2, ~u64{0}, 5));
    CHECK_FALSE(lies_within(~u64{0}, 2, 5));
}

TEST_CASE("what an image says cannot steer the terminal") {
    const MemoryImage image({}, "disk\x1b[2J");
    CHECK_THROWS_WITH(image.damaged("a \x07"),
                      Catch::StartsWith("disk image disk?[2J is damaged: a ?; use an intact copy"));
    CHECK_THROWS_WITH(image.unsupported("it is odd", "convert it"),
                      "disk image disk?[2J cannot be used: it is odd; convert it");
}

}  // namespace seventeen::storage
