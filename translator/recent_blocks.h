// RecentBlocks: where the code of blocks is that were asked for lately, by key.
//
// A table of its own, and a dense one: blocks and the nodes of the map that holds them are
// scattered over the heap, and each of them is a miss in the host's caches. Blocks of one page are
// neighbours, for who asks for one will soon ask for others.
#pragma once

#include <vector>

#include "translator/block_key.h"
#include "translator/code_cache.h"

namespace seventeen::translator {

class RecentBlocks {
  public:
    // `code`: lies before every block's.
    explicit RecentBlocks(const u8* code) : code_(code), entries_(kEntries) {}

    // The block's code, or nullptr.
    const u8* find(const BlockKey& key) const {
        const std::size_t first = index(key);
        for (const std::size_t at : {first, first ^ 1}) {
            const Entry& entry = entries_[at];
            if (entry.is(key) && entry.code != 0) return code_ + u64{entry.code} * kUnit;
        }
        return nullptr;
    }
    void keep(const BlockKey& key, const u8* code) {
        const std::size_t first = index(key);
        if (entries_[first].code != 0) entries_[first ^ 1] = entries_[first];
        entries_[first] = {place(key), key.eip, static_cast<u32>((code - code_) / kUnit)};
    }
    void drop(const BlockKey& key) {
        const std::size_t first = index(key);
        for (const std::size_t at : {first, first ^ 1}) {
            if (entries_[at].is(key)) entries_[at] = {};
        }
    }
    void clear() { entries_.assign(kEntries, {}); }

  private:
    static constexpr std::size_t kEntries = 65536;
    static constexpr std::size_t kOfPage = 64;
    static constexpr u64 kUnit = CodeCache::kAlignment;
    static constexpr unsigned kModeBits = 8;

    static u64 place(const BlockKey& key) { return key.physical << kModeBits | key.mode; }
    struct Entry {
        u64 place = 0;  // physical address and mode
        u32 eip = 0;
        u32 code = 0;  // in kUnit; 0: none

        bool is(const BlockKey& key) const {
            return place == RecentBlocks::place(key) && eip == key.eip;
        }
    };
    // A key's entry is this one or its neighbour in the same line of the host's cache.
    static std::size_t index(const BlockKey& key) {
        const u64 page = key.physical >> kPageShift ^ u64 { key.eip >> kPageShift } << 32 ^
                         u64 { key.mode } << 24;
        return ((page * 0x9e37'79b9'7f4a'7c15 >> 40) + (key.eip ^ key.eip >> 6) % kOfPage) %
               kEntries;
    }

    const u8* code_;
    std::vector<Entry> entries_;
};

}  // namespace seventeen::translator
