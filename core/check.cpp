// Reports a broken invariant and stops.
#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace seventeen {

void check_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "seventeen: internal error: %s (%s:%d)\n", what, file, line);
    std::abort();
}

}  // namespace seventeen
