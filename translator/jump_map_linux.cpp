// A sparse anonymous mapping.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "translator/jump_map.h"

namespace seventeen::translator {

namespace {

constexpr u64 kSize = sizeof(u32) << 32;

}  // namespace

JumpMap::JumpMap() {
    constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* mapped = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, kKind, -1, 0);
    if (mapped == MAP_FAILED)
        throw Error(std::string("cannot reserve address space for a jump map (") +
                    std::strerror(errno) + "); run with --disable windows");
    // Huge pages would make a few scattered entries cost megabytes.
    madvise(mapped, kSize, MADV_NOHUGEPAGE);
    offsets_ = static_cast<u32*>(mapped);
}

JumpMap::~JumpMap() {
    munmap(offsets_, kSize);
}

void JumpMap::clear() {
    check(madvise(offsets_, kSize, MADV_DONTNEED) == 0, "a jump map cannot be cleared");
}

}  // namespace seventeen::translator
