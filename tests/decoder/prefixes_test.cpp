// Prefixes: which bytes are, and which of a group counts.
#include "decoder/prefixes.h"

#include <catch2/catch.hpp>

#include "tests/decoder/describe.h"

namespace seventeen::decoder {

TEST_CASE("the eleven legacy prefixes are found and nothing else") {
    unsigned found = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const u8 bytes[]{static_cast<u8>(byte), 0x90};
        found += scan_prefixes(bytes).count;
    }
    CHECK(found == 11);
}

TEST_CASE("a prefix is noted once and the last of its group wins") {
    const Prefixes found = scan_prefixes(from_hex("f2 66 2e f0 f3 64 66 90 67"));
    CHECK(found.count == 7);
    CHECK(found.lock);
    CHECK(found.operand_size);
    CHECK_FALSE(found.address_size);
    CHECK(found.repeat == kPrefixRep);
    CHECK(found.segment == 0x64);
}

TEST_CASE("nothing but prefixes is counted to the end") {
    CHECK(scan_prefixes(from_hex("66 67 66")).count == 3);
    CHECK(scan_prefixes({}).count == 0);
}

}  // namespace seventeen::decoder
