// CachedImage: another image through a bounded memory of blocks, for tables that are read
// piecemeal.
#pragma once

#include "storage/block_cache.h"
#include "storage/image.h"

namespace seventeen::storage {

class CachedImage final : public Image {
  public:
    explicit CachedImage(Image& image);

    u64 size() const override { return image_.size(); }

  private:
    void read_inside(u64 offset, std::span<u8> into) override;

    Image& image_;
    BlockCache blocks_;
};

}  // namespace seventeen::storage
