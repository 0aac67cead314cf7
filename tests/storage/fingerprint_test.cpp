// Fingerprint: tells disks apart, and only disks.
#include "storage/fingerprint.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/storage/memory_medium.h"

namespace seventeen::storage {

TEST_CASE("equal disks have one fingerprint, others another") {
    MemoryMedium disk(1000);
    MemoryMedium same(1000);
    MemoryMedium longer(1001);
    CHECK(fingerprint(disk) == fingerprint(same));
    CHECK(fingerprint(disk) != fingerprint(longer));
    for (const std::size_t byte :
         {std::size_t{0}, std::size_t{65'535}, 1000 * 512 - 1ul, 1000 / 65 * 40 * 512ul}) {
        same.bytes[byte] ^= 1;
        CHECK(fingerprint(disk) != fingerprint(same));
        same.bytes[byte] ^= 1;
    }
}

TEST_CASE("disks of any size have a fingerprint of their own") {
    std::set<u64> seen;
    for (const u64 sectors : {0, 1, 7, 64, 65, 66, 128, 129}) {
        MemoryMedium disk(sectors);
        CHECK(seen.insert(fingerprint(disk)).second);
    }
}

}  // namespace seventeen::storage
