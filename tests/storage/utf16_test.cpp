// UTF-16: both byte orders, surrogates, ends.
#include "storage/utf16.h"

#include <catch2/catch.hpp>

namespace seventeen::storage {

TEST_CASE("UTF-16 becomes UTF-8") {
    const std::vector<u8> little = {'a', 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde};
    CHECK(utf8_of_little_utf16(little) == "a\u00e9\u20ac\U0001f600");
    const std::vector<u8> big = {0, 'a', 0, 0, 0, 'b'};
    CHECK(utf8_of_big_utf16(big) == "a");
}

TEST_CASE("an unpaired surrogate and half a unit do no harm") {
    CHECK(utf8_of_big_utf16(std::vector<u8>{0xd8, 0x3d, 0, 'x', 0}) == "\ufffdx");
    CHECK(utf8_of_big_utf16(std::vector<u8>{0xde, 0x00, 0xd8, 0x3d}) == "\ufffd\ufffd");
    CHECK(utf8_of_big_utf16({}).empty());
}

}  // namespace seventeen::storage
