// An anonymous mapping that grows as it is touched.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"
#include "translator/pair_stack.h"

namespace seventeen::translator {

PairStack::PairStack(const u8* unpaired) {
    constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* mapped = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, kKind, -1, 0);
    if (mapped == MAP_FAILED)
        throw Error(std::string("cannot map memory for return addresses (") + std::strerror(errno) +
                    "); run with --accel interpret");
    memory_ = static_cast<u8*>(mapped);
    for (u64 at = kBelow; at != kSize; at += sizeof unpaired)
        std::memcpy(memory_ + at, &unpaired, sizeof unpaired);
    // SAFETY: the address that translated code's rsp starts from.
    top_ = reinterpret_cast<u64>(memory_ + kBelow);
}

PairStack::~PairStack() {
    munmap(memory_, kSize);
}

}  // namespace seventeen::translator
