// VhdImage: the disk in a VHD image, fixed, dynamic or differencing, read only.
#pragma once

#include "storage/cached_image.h"
#include "storage/clustered_image.h"
#include "storage/companions.h"
#include "storage/vhd_header.h"

namespace seventeen::storage {

class VhdImage final : public ClusteredImage {
  public:
    // Throws Error where the image is damaged, its parent is missing or not the one it was made of.
    static std::unique_ptr<Image> open(std::unique_ptr<Image> file, Companions& companions);

    std::string identity() const override { return header_.identity; }

  private:
    VhdImage(std::unique_ptr<Image> file, VhdHeader header, Backing backing);

    void read_cluster(u64 offset, std::span<u8> into) override;
    void read_differing(u64 block, u64 offset, std::span<u8> into);

    std::unique_ptr<Image> file_;
    VhdHeader header_;
    CachedImage tables_;
    u64 bitmap_size_ = 0;  // before each block's data
};

}  // namespace seventeen::storage
