// Reads an image block by block through a cache.
#include "storage/cached_image.h"

#include <algorithm>

namespace seventeen::storage {

namespace {

constexpr u64 kBlockSize = 4096;
// At qcow2's usual 64 KiB a cluster, a block of its second-level table maps 32 MiB of disk.
constexpr std::size_t kMostBytes = 2 << 20;

}  // namespace

CachedImage::CachedImage(Image& image) : Image(image.name()), image_(image), blocks_(kMostBytes) {}

void CachedImage::read_inside(u64 offset, std::span<u8> into) {
    while (!into.empty()) {
        const u64 number = offset / kBlockSize;
        const u64 within = offset % kBlockSize;
        const std::vector<u8>* block = blocks_.find(number);
        if (block == nullptr) {
            std::vector<u8> bytes(kBlockSize);
            image_.read(number * kBlockSize, bytes);
            block = &blocks_.insert(number, std::move(bytes));
        }
        const u64 count = std::min<u64>(kBlockSize - within, into.size());
        std::copy_n(block->begin() + static_cast<std::ptrdiff_t>(within), count, into.begin());
        offset += count;
        into = into.subspan(count);
    }
}

}  // namespace seventeen::storage
