// Qcow2Image: the disk in a qcow2 image, versions 2 and 3, read only; its snapshots are ignored.
#pragma once

#include "storage/cached_image.h"
#include "storage/clustered_image.h"
#include "storage/companions.h"
#include "storage/qcow2_header.h"

namespace seventeen::storage {

class Qcow2Image final : public ClusteredImage {
  public:
    // Throws Error where the header is damaged or wants what is not supported.
    static std::unique_ptr<Image> open(std::unique_ptr<Image> file, Companions& companions);

  private:
    Qcow2Image(std::unique_ptr<Image> file, Qcow2Header header, Backing backing);

    void read_cluster(u64 offset, std::span<u8> into) override;
    u64 second_level_entry(u64 offset);
    void read_compressed(u64 entry, u64 within, std::span<u8> into);
    std::vector<u8> decompressed(u64 entry);

    std::unique_ptr<Image> file_;
    Qcow2Header header_;
    CachedImage tables_;
    BlockCache clusters_;  // decompressed ones, by their entries
};

}  // namespace seventeen::storage
