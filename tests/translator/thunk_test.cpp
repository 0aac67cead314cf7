// What is a thunk, and what is not.
#include "translator/thunk.h"

#include <array>
#include <catch2/catch.hpp>

namespace seventeen::translator {

TEST_CASE("A thunk loads any register but ESP with its return address") {
    for (const u8 number : {0, 1, 2, 3, 5, 6, 7}) {
        const std::array<u8, 4> code{0x8b, static_cast<u8>(number << 3 | 4), 0x24, 0xc3};
        CHECK(thunk_result(code) == Gpr{number});
    }
    const std::array<u8, 4> stack_pointer{0x8b, 0x24, 0x24, 0xc3};
    CHECK_FALSE(thunk_result(stack_pointer));
}

TEST_CASE("What differs from a thunk in a byte is none") {
    constexpr std::array<u8, 4> kThunk{0x8b, 0x1c, 0x24, 0xc3};
    constexpr std::array<std::array<u8, 2>, 5> kOthers{
        {{0, 0x89}, {1, 0x5c}, {1, 0x1d}, {2, 0x23}, {3, 0xc2}}};
    for (const auto& [at, value] : kOthers) {
        std::array<u8, 4> code = kThunk;
        code[at] = value;
        CHECK_FALSE(thunk_result(code));
    }
}

}  // namespace seventeen::translator
