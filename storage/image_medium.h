// ImageMedium: an image as a medium that can only be read.
#pragma once

#include <memory>

#include "core/block_medium.h"
#include "storage/image.h"

namespace seventeen::storage {

// Floppy and CD images are not always a whole number of sectors long; the rest of the last sector
// reads as zeros.
constexpr u64 sectors_of(u64 bytes) {
    return bytes / BlockMedium::kSectorSize + (bytes % BlockMedium::kSectorSize != 0 ? 1 : 0);
}

// The byte at which the sectors begin, all of which lie on the medium: checked.
u64 checked_offset(const BlockMedium& medium, u64 sector, std::size_t bytes);

class ImageMedium final : public BlockMedium {
  public:
    explicit ImageMedium(std::unique_ptr<Image> image) : image_(std::move(image)) {}

    u64 sectors() const override { return sectors_of(image_->size()); }
    void read(u64 sector, std::span<u8> into) override;
    void write(u64 sector, std::span<const u8> from) override;
    void flush() override {}
    bool writable() const override { return false; }

  private:
    std::unique_ptr<Image> image_;
};

}  // namespace seventeen::storage
