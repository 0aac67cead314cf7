// Text: numbers as messages spell them.
#include "core/text.h"

#include <catch2/catch.hpp>

namespace seventeen {

TEST_CASE("hexadecimal numbers are short and lower case") {
    CHECK(hex(0) == "0x0");
    CHECK(hex(0x3f8) == "0x3f8");
    CHECK(hex(~u64{0}) == "0xffffffffffffffff");
}

}  // namespace seventeen
