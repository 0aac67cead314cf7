// VmdkSparseExtent: a VMDK file whose grains are found through a directory and tables.
//
// References are to "Virtual Disk Format 5.0", VMware, 2011.
#pragma once

#include "storage/cached_image.h"
#include "storage/clustered_image.h"

namespace seventeen::storage {

struct VmdkSparseHeader {
    u64 capacity = 0;    // bytes
    u64 grain_size = 0;  // bytes
    u64 descriptor_offset = 0;
    u64 descriptor_size = 0;  // zero: the descriptor is another file
    u64 entries_per_table = 0;
    u64 directory_offset = 0;
    bool zero_grains = false;  // an entry of 1 is a grain of zeros
    bool compressed = false;
    bool markers = false;  // compressed grains say what they are
};

bool is_vmdk_sparse_extent(Image& file);
// Throws Error where the header is damaged or wants what is not supported.
VmdkSparseHeader read_vmdk_sparse_header(Image& file);

class VmdkSparseExtent final : public ClusteredImage {
  public:
    // `header` is what read_vmdk_sparse_header(*file) returned.
    VmdkSparseExtent(std::unique_ptr<Image> file, const VmdkSparseHeader& header, Backing backing);

  private:
    void read_cluster(u64 offset, std::span<u8> into) override;
    u32 grain_entry(u64 grain);
    std::vector<u8> decompressed(u64 at);

    std::unique_ptr<Image> file_;
    VmdkSparseHeader header_;
    CachedImage tables_;
    BlockCache grains_;  // decompressed ones, by where they begin
};

}  // namespace seventeen::storage
