// SharedMemory: zeroed host memory behind a file descriptor, so that it can be mapped many times.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::mmu {

class SharedMemory {
  public:
    // `size` is a multiple of the page size. Throws Error where the host cannot provide it.
    explicit SharedMemory(u64 size);
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    int fd() const { return fd_; }
    u64 size() const { return size_; }
    std::span<u8> bytes() { return {data_, size_}; }
    std::span<const u8> bytes() const { return {data_, size_}; }

  private:
    u64 size_ = 0;
    int fd_ = -1;
    u8* data_ = nullptr;
};

}  // namespace seventeen::mmu
