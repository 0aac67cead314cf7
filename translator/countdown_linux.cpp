// A mapping that nothing is ever written to.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"
#include "translator/countdown.h"

namespace seventeen::translator {

bool Countdown::is_dense_possible() {
    return __builtin_cpu_supports("bmi2");
}

Countdown::Countdown(bool dense) : shift_(dense ? kShift : 0) {
    constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* reserved = mmap(nullptr, kGap + size(), PROT_NONE, kKind, -1, 0);
    // SAFETY: addresses within the mapping just made.
    base_ = reinterpret_cast<u64>(reserved) + kGap;
    if (reserved == MAP_FAILED || mprotect(reinterpret_cast<void*>(base_), size(), PROT_READ) != 0)
        throw Error(std::string("cannot map memory for counting instructions (") +
                    std::strerror(errno) + "); run with --accel interpret");
}

Countdown::~Countdown() {
    // SAFETY: the mapping made above.
    munmap(reinterpret_cast<void*>(base_ - kGap), kGap + size());
}

}  // namespace seventeen::translator
