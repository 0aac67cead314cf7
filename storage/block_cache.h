// BlockCache: the blocks used last, found by number, of no more bytes than allowed.
#pragma once

#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/types.h"

namespace seventeen::storage {

class BlockCache {
  public:
    explicit BlockCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // Null where the block is not here; else it stays until the next insert().
    const std::vector<u8>* find(u64 number);
    // Drops the blocks whose use lies back longest; keeps the new one, however large.
    const std::vector<u8>& insert(u64 number, std::vector<u8> bytes);
    std::size_t bytes() const { return bytes_; }

  private:
    struct Block {
        u64 number;
        std::vector<u8> bytes;
    };

    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    std::list<Block> blocks_;  // the one used last comes first
    std::unordered_map<u64, std::list<Block>::iterator> index_;
};

}  // namespace seventeen::storage
