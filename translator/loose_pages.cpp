// When a page becomes loose, and for how long.
#include "translator/loose_pages.h"

#include <algorithm>

namespace seventeen::translator {

namespace {

constexpr u64 kShortTime = 1'000'000;  // instructions
constexpr u32 kHit = 8;                // a write that costs a translation
constexpr u32 kLimit = 64;
constexpr u8 kMostRelapses = 6;

}  // namespace

bool LoosePages::contains(u64 ram_page) const {
    if (loose_ == 0) return false;
    const auto found = records_.find(ram_page);
    return found != records_.end() && found->second.loose;
}

bool LoosePages::note_write(u64 ram_page, bool hit_code, u64 now) {
    if (records_.size() >= kMostRecords && !records_.contains(ram_page))
        std::erase_if(records_, [](const auto& each) { return !each.second.loose; });
    if (records_.size() >= kMostRecords && !records_.contains(ram_page)) return false;
    Record& record = records_[ram_page];
    if (record.loose) return false;
    if (record.score == 0 || now - record.since > kShortTime) {
        record.score = 0;
        record.since = now;
    }
    record.score += hit_code ? kHit : 1;
    if (record.score < kLimit) return false;
    record.score = 0;
    record.loose = true;
    record.since = now + (kTerm << record.relapses);
    record.relapses = std::min<u8>(record.relapses + 1, kMostRelapses);
    next_due_ = std::min(next_due_, record.since);
    ++loose_;
    return true;
}

std::vector<u64> LoosePages::take_due(u64 now) {
    std::vector<u64> due;
    if (now < next_due_) return due;
    next_due_ = ~u64{0};
    for (auto& [page, record] : records_) {
        if (!record.loose) continue;
        if (record.since > now) {
            next_due_ = std::min(next_due_, record.since);
            continue;
        }
        record.loose = false;
        due.push_back(page);
    }
    loose_ -= due.size();
    return due;
}

}  // namespace seventeen::translator
