// Is AddressSanitizer in this program? It cannot live with all that tests do.
#pragma once

#include <catch2/catch.hpp>

namespace seventeen {

#if defined(__SANITIZE_ADDRESS__)  // GCC
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)  // clang
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

// Then the test is skipped, and its output says why.
inline bool skipped_with_address_sanitizer(const char* why) {
    if (kAddressSanitizer) WARN("skipped: AddressSanitizer " << why);
    return kAddressSanitizer;
}

}  // namespace seventeen
