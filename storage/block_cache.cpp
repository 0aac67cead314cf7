// Keeps blocks in the order of their use.
#include "storage/block_cache.h"

#include "core/check.h"

namespace seventeen::storage {

const std::vector<u8>* BlockCache::find(u64 number) {
    const auto found = index_.find(number);
    if (found == index_.end()) return nullptr;
    blocks_.splice(blocks_.begin(), blocks_, found->second);
    return &found->second->bytes;
}

const std::vector<u8>& BlockCache::insert(u64 number, std::vector<u8> bytes) {
    check(!index_.contains(number), "a block is cached twice");
    bytes_ += bytes.size();
    blocks_.push_front({number, std::move(bytes)});
    index_[number] = blocks_.begin();
    while (bytes_ > most_bytes_ && blocks_.size() > 1) {
        bytes_ -= blocks_.back().bytes.size();
        index_.erase(blocks_.back().number);
        blocks_.pop_back();
    }
    return blocks_.front().bytes;
}

}  // namespace seventeen::storage
