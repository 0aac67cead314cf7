// CodeCache: memory for host code, mapped twice: executable, and writable elsewhere (W^X).
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::translator {

class CodeCache {
  public:
    static constexpr std::size_t kAlignment = 16;  // of what allocate() returns

    // Throws Error where the host refuses.
    explicit CodeCache(u64 size);
    ~CodeCache();
    CodeCache(const CodeCache&) = delete;
    CodeCache& operator=(const CodeCache&) = delete;

    // Room for `size` bytes, or nullptr where the cache is full. The address is the executable one.
    const u8* allocate(std::size_t size);
    // Forgets everything allocated after keep().
    void reset() { used_ = kept_; }
    // What is allocated now stays for ever (stubs).
    void keep() { kept_ = used_; }

    // The first byte that allocate() gave out.
    const u8* code() const { return executable_; }
    // Where to write what is executed at `code`.
    u8* writable(const u8* code) const { return writable_ + (code - executable_); }
    bool contains(const void* address) const {
        const u8* code = static_cast<const u8*>(address);
        return code >= executable_ && code < executable_ + size_;
    }
    u64 used() const { return used_; }
    u64 size() const { return size_; }

  private:
    void touch_ahead();

    u64 size_;
    u64 used_ = 0;
    u64 kept_ = 0;
    u64 touched_ = 0;  // so much the host has given memory for
    const u8* executable_ = nullptr;
    u8* writable_ = nullptr;
};

}  // namespace seventeen::translator
