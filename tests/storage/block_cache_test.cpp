// BlockCache: what is dropped, and when.
#include "storage/block_cache.h"

#include <catch2/catch.hpp>

namespace seventeen::storage {

TEST_CASE("the block used longest ago makes room") {
    BlockCache cache(20);
    cache.insert(1, std::vector<u8>(8, 1));
    cache.insert(2, std::vector<u8>(8, 2));
    REQUIRE(cache.find(1) != nullptr);
    cache.insert(3, std::vector<u8>(8, 3));
    CHECK(cache.find(2) == nullptr);
    REQUIRE(cache.find(1) != nullptr);
    CHECK(cache.find(1)->at(0) == 1);
    REQUIRE(cache.find(3) != nullptr);
    CHECK(cache.bytes() == 16);
}

TEST_CASE("a block larger than the cache is kept alone") {
    BlockCache cache(20);
    cache.insert(1, std::vector<u8>(8));
    CHECK(cache.insert(2, std::vector<u8>(30)).size() == 30);
    CHECK(cache.find(1) == nullptr);
    CHECK(cache.bytes() == 30);
    cache.insert(3, std::vector<u8>(8));
    CHECK(cache.bytes() == 8);
}

}  // namespace seventeen::storage
