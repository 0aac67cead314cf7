// Digest: fixed values, and no change of one word goes unnoticed.
#include "core/digest.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

namespace seventeen {

TEST_CASE("digests are the same on every host and in every version") {
    // Snapshots and published hashes hold these: they must not change.
    const std::vector<u8> bytes{1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(digest({}) == 0x352cd6833d627234);
    CHECK(digest(bytes) == 0x4a2643e6a94841be);
    CHECK(digest_word(1, 2) == 0xdaa66d2ca7791913);
}

TEST_CASE("length, order, place and seed all matter") {
    const std::vector<std::vector<u8>> inputs = {{},
                                                 {0},
                                                 {0, 0},
                                                 {1},
                                                 {0, 1},
                                                 {1, 0},
                                                 std::vector<u8>(8),
                                                 std::vector<u8>(9),
                                                 std::vector<u8>(16),
                                                 {0, 0, 0, 0, 0, 0, 0, 0, 1},
                                                 {1, 0, 0, 0, 0, 0, 0, 0, 0}};
    std::set<u64> seen;
    for (const auto& input : inputs) {
        CHECK(seen.insert(digest(input, 1)).second);
        CHECK(seen.insert(digest(input, 2)).second);
    }
}

TEST_CASE("every change of one bit changes the digest") {
    std::mt19937 random(17);
    std::vector<u8> bytes(333);
    for (u8& byte : bytes) byte = static_cast<u8>(random());
    const u64 before = digest(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<u8>(1 << bit % 8);
        REQUIRE(digest(bytes) != before);
        bytes[bit / 8] ^= static_cast<u8>(1 << bit % 8);
    }
}

}  // namespace seventeen
