// CodeCache: memory for host code, mapped twice: executable, and writable elsewhere (W^X). Data may
// lie right before the executable view, so that code finds both by one register.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::translator {

class CodeCache {
  public:
    // Of what allocate() returns: a line of the host's caches. With 16 bytes some hosts' prediction
    // of indirect branches is a matter of luck.
    static constexpr std::size_t kAlignment = 64;

    // `data`: bytes before the code. Throws Error where the host refuses.
    explicit CodeCache(u64 size, u64 data = 0);
    ~CodeCache();
    CodeCache(const CodeCache&) = delete;
    CodeCache& operator=(const CodeCache&) = delete;

    // Room for `size` bytes, or nullptr where the cache is full. The address is the executable one.
    const u8* allocate(std::size_t size);
    // Forgets everything allocated after keep().
    void reset() { used_ = kept_; }
    // What is allocated now stays for ever (stubs).
    void keep() { kept_ = used_; }

    // The first byte that allocate() gave out, where data() ends.
    const u8* code() const { return executable_; }
    u8* data() const { return data_; }
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
    u64 before_;  // of the executable view: what data() lies in
    u64 used_ = 0;
    u64 kept_ = 0;
    u64 touched_ = 0;  // so much the host has given memory for
    const u8* executable_ = nullptr;
    u8* writable_ = nullptr;
    u8* data_ = nullptr;
};

}  // namespace seventeen::translator
