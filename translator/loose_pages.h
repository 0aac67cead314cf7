// LoosePages: which pages of RAM are written so often that their code is not guarded.
//
// A guard makes every write to a page with code a callout, and one that hits code costs its
// translation. A page where that happens often within a short time becomes *loose*: it bears no
// guard, and its blocks compare their source with what they were translated from
// (block.h, LooseSource). When its term is over it is tried as any other page again; each relapse
// doubles the term.
#pragma once

#include <unordered_map>
#include <vector>

#include "core/types.h"

namespace seventeen::translator {

class LoosePages {
  public:
    bool contains(u64 ram_page) const;
    // A guarded page was written, at this count of retired instructions. True: it is loose now.
    bool note_write(u64 ram_page, bool hit_code, u64 now);
    // Pages that were loose until now.
    std::vector<u64> take_due(u64 now);
    u64 count() const { return loose_; }

    static constexpr u64 kTerm = 50'000'000;  // instructions, the first time

  private:
    struct Record {
        u64 since = 0;  // what `score` counts from, or when the term ends
        u32 score = 0;
        u8 relapses = 0;
        bool loose = false;
    };
    static constexpr std::size_t kMostRecords = 4096;

    std::unordered_map<u64, Record> records_;
    u64 loose_ = 0;
    u64 next_due_ = ~u64{0};
};

}  // namespace seventeen::translator
