// A sparse anonymous mapping.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "translator/jump_maps.h"

namespace seventeen::translator {

namespace {

constexpr u64 kSize = sizeof(u32) << 32;  // of one map

}  // namespace

JumpMaps::JumpMaps(std::size_t count) : count_(count) {
    constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* mapped = mmap(nullptr, count * kSize, PROT_READ | PROT_WRITE, kKind, -1, 0);
    if (mapped == MAP_FAILED)
        throw Error(std::string("cannot reserve address space for branch targets (") +
                    std::strerror(errno) + "); run with --accel interpret");
    // Huge pages would make a few scattered entries cost megabytes.
    madvise(mapped, count * kSize, MADV_NOHUGEPAGE);
    offsets_ = static_cast<u32*>(mapped);
}

JumpMaps::~JumpMaps() {
    munmap(offsets_, count_ * kSize);
}

void JumpMaps::clear(std::size_t map) {
    check(madvise(offsets(map), kSize, MADV_DONTNEED) == 0, "a jump map cannot be cleared");
}

}  // namespace seventeen::translator
