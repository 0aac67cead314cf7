// One memfd, mapped twice.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"
#include "translator/code_cache.h"

namespace seventeen::translator {

namespace {

[[noreturn]] void refuse(const char* what) {
    throw Error(std::string("cannot map memory for translated code (") + what + ": " +
                std::strerror(errno) + "); run with --accel interpret");
}

}  // namespace

CodeCache::CodeCache(u64 size, u64 data)
    : size_(size), before_((data + kPageSize - 1) & ~u64{kPageSize - 1}) {
    const int file = memfd_create("seventeen-code", MFD_CLOEXEC);
    if (file < 0) refuse("memfd_create");
    if (ftruncate(file, static_cast<off_t>(size)) != 0) {
        close(file);
        refuse("ftruncate");
    }
    void* writable = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    void* room =
        mmap(nullptr, before_ + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // SAFETY: the executable view of the same pages; only finished code is ever jumped to.
    void* executable = room == MAP_FAILED
                           ? room
                           : mmap(static_cast<u8*>(room) + before_, size, PROT_READ | PROT_EXEC,
                                  MAP_SHARED | MAP_FIXED, file, 0);
    close(file);
    if (writable == MAP_FAILED || executable == MAP_FAILED) refuse("mmap");
    writable_ = static_cast<u8*>(writable);
    executable_ = static_cast<const u8*>(executable);
    data_ = static_cast<u8*>(executable) - data;
}

CodeCache::~CodeCache() {
    munmap(writable_, size_);
    munmap(const_cast<u8*>(executable_) - before_, before_ + size_);
}

const u8* CodeCache::allocate(std::size_t size) {
    const u64 rounded = (size + kAlignment - 1) & ~(kAlignment - 1);
    if (rounded > size_ - used_) return nullptr;
    const u8* code = executable_ + used_;
    used_ += rounded;
    if (used_ > touched_) touch_ahead();
    return code;
}

// A host fault for each page in each view costs several times as much. A host that can't goes on
// with these.
void CodeCache::touch_ahead() {
    constexpr u64 kStep = 256 << 10;
    const u64 end = std::min((used_ + kStep - 1) & ~(kStep - 1), size_);
    madvise(writable_ + touched_, end - touched_, MADV_POPULATE_WRITE);
    madvise(const_cast<u8*>(executable_) + touched_, end - touched_, MADV_POPULATE_READ);
    touched_ = end;
}

}  // namespace seventeen::translator
