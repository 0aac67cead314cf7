// check: a broken invariant stops the program in every build, saying where.
#pragma once

namespace seventeen {

[[noreturn]] void check_failed(const char* what, const char* file, int line);

// An invariant of our own code; guest and user trouble are Fault and Error instead.
// (The defaults name the caller; std::source_location is missing from clang 14.)
constexpr void check(bool holds, const char* what, const char* file = __builtin_FILE(),
                     int line = __builtin_LINE()) {
    if (!holds) [[unlikely]]
        check_failed(what, file, line);
}

}  // namespace seventeen
