// Reads and writes raw images in place.
#include "storage/raw_medium.h"

#include "core/error.h"
#include "storage/format.h"
#include "storage/image_medium.h"

namespace seventeen::storage {

RawMedium::RawMedium(std::unique_ptr<HostFile> file, FormatSource source)
    : file_(std::move(file)), source_(source), sectors_(sectors_of(file_->size())) {}

void RawMedium::read(u64 sector, std::span<u8> into) {
    file_->read(checked_offset(*this, sector, into.size()), into);
}

void RawMedium::write(u64 sector, std::span<const u8> from) {
    const u64 offset = checked_offset(*this, sector, from.size());
    refuse_disguise(sector, from);
    file_->write(offset, from);
}

void RawMedium::refuse_disguise(u64 sector, std::span<const u8> from) const {
    if (source_ == FormatSource::kNamed || sector != 0 || from.empty()) return;
    const Format format = format_of_first_sector(from.first(kSectorSize));
    if (format == Format::kRaw) return;
    throw Error("the guest writes the header of a " + std::string(format_name(format)) +
                " image to the first sector of the raw image " + file_->name() +
                ", which would then be taken for one; if that is meant, name the format raw");
}

}  // namespace seventeen::storage
