// MarkedInstructions: instructions about which something was learnt, by physical address.
//
// Asked for each instruction that is translated, hence by page. What was learnt is never more than
// good advice: where there are too many pages, all is forgotten and learnt again.
#pragma once

#include <bitset>
#include <unordered_map>

#include "core/types.h"

namespace seventeen::translator {

class MarkedInstructions {
  public:
    using InPage = std::bitset<kPageSize>;

    void mark(u64 physical) {
        if (pages_.size() >= kMostPages) pages_.clear();
        pages_[physical >> kPageShift].set(physical & kPageMask);
    }
    bool has(u64 physical) const {
        const InPage* page = in_page_of(physical);
        return page && page->test(physical & kPageMask);
    }
    // Those in an address's page, by offset; nullptr: none.
    const InPage* in_page_of(u64 physical) const {
        const auto found = pages_.find(physical >> kPageShift);
        return found == pages_.end() ? nullptr : &found->second;
    }

  private:
    static constexpr std::size_t kMostPages = 16384;

    std::unordered_map<u64, InPage> pages_;
};

}  // namespace seventeen::translator
