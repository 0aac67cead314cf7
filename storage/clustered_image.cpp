// Cuts reads at cluster boundaries.
#include "storage/clustered_image.h"

#include <algorithm>

#include "core/check.h"

namespace seventeen::storage {

ClusteredImage::ClusteredImage(std::string name, u64 size, u64 cluster_size, Backing backing)
    : Image(std::move(name)),
      size_(size),
      cluster_size_(cluster_size),
      backing_(std::move(backing)) {
    check(cluster_size != 0 && size <= kMaxDiskSize, "an image's layout was not validated");
}

void ClusteredImage::read_inside(u64 offset, std::span<u8> into) {
    while (!into.empty()) {
        const u64 count = std::min<u64>(cluster_size_ - offset % cluster_size_, into.size());
        read_cluster(offset, into.first(count));
        offset += count;
        into = into.subspan(count);
    }
}

void ClusteredImage::read_backing(u64 offset, std::span<u8> into) {
    if (backing_.image) {
        backing_.image->read(backing_.offset + offset, into);
    } else {
        std::fill(into.begin(), into.end(), u8{0});
    }
}

}  // namespace seventeen::storage
