// Turns sectors into bytes of an image.
#include "storage/image_medium.h"

#include "core/check.h"

namespace seventeen::storage {

u64 checked_offset(const BlockMedium& medium, u64 sector, std::size_t bytes) {
    check(bytes % BlockMedium::kSectorSize == 0, "a drive moves part of a sector");
    check(lies_within(sector, bytes / BlockMedium::kSectorSize, medium.sectors()),
          "a drive reaches past the end of its medium");
    return sector * BlockMedium::kSectorSize;
}

void ImageMedium::read(u64 sector, std::span<u8> into) {
    image_->read(checked_offset(*this, sector, into.size()), into);
}

void ImageMedium::write(u64, std::span<const u8>) {
    check(false, "a drive writes to a medium that is not writable");
}

}  // namespace seventeen::storage
