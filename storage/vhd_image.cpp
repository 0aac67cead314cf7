// Finds the blocks of dynamic and differencing VHDs; a fixed one is a single block at offset 0.
#include "storage/vhd_image.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "storage/byte_order.h"

namespace seventeen::storage {

namespace {

constexpr u64 kSector = 512;
constexpr u32 kUnused = 0xffff'ffff;

u64 cluster_size_of(const VhdHeader& header) {
    return header.type == VhdType::kFixed ? std::max<u64>(header.size, 1) : header.block_size;
}

// One bit for each sector of a block, in whole sectors ("Block Allocation Table and Data Blocks").
u64 bitmap_size_of(const VhdHeader& header) {
    const u64 bits_in_sector = kSector * 8;
    return (header.block_size / kSector + bits_in_sector - 1) / bits_in_sector * kSector;
}

}  // namespace

std::unique_ptr<Image> VhdImage::open(std::unique_ptr<Image> file, Companions& companions) {
    VhdHeader header = read_vhd_header(*file);
    Backing backing;
    if (header.type == VhdType::kDifferencing) {
        backing.image = companions.backing(header.parent_name, Format::kVhd);
        if (backing.image->identity() != header.parent_identity)
            file->unsupported(
                "its parent " + backing.image->name() + " is not the image that it was made of",
                "put the right image in that place");
    }
    return std::unique_ptr<Image>(
        new VhdImage(std::move(file), std::move(header), std::move(backing)));
}

VhdImage::VhdImage(std::unique_ptr<Image> file, VhdHeader header, Backing backing)
    : ClusteredImage(file->name(), header.size, cluster_size_of(header), std::move(backing)),
      file_(std::move(file)),
      header_(std::move(header)),
      tables_(*file_),
      bitmap_size_(bitmap_size_of(header_)) {}

void VhdImage::read_cluster(u64 offset, std::span<u8> into) {
    if (header_.type == VhdType::kFixed) return file_->read(offset, into);
    const u64 entry = header_.table_offset + offset / header_.block_size * sizeof(u32);
    const u32 sector = big<u32>(tables_, entry);
    if (sector == kUnused) return read_backing(offset, into);
    const u64 block = u64{sector} * kSector;
    if (!lies_within(block, bitmap_size_ + header_.block_size, file_->size()))
        damaged("the block at " + hex(block) + " does not lie within the file");
    // A sector that a dynamic disk has not written is zero in the block anyway.
    if (header_.type == VhdType::kDynamic)
        return file_->read(block + bitmap_size_ + offset % header_.block_size, into);
    read_differing(block, offset, into);
}

// A set bit: the sector is in this image; a clear one: it is in the parent.
void VhdImage::read_differing(u64 block, u64 offset, std::span<u8> into) {
    while (!into.empty()) {
        const u64 within = offset % header_.block_size;
        const u64 sector = within / kSector;
        std::array<u8, 1> bits{};
        tables_.read(block + sector / 8, bits);
        const u64 count = std::min<u64>(kSector - within % kSector, into.size());
        if ((bits[0] & 0x80 >> sector % 8) != 0) {
            file_->read(block + bitmap_size_ + within, into.first(count));
        } else {
            read_backing(offset, into.first(count));
        }
        offset += count;
        into = into.subspan(count);
    }
}

}  // namespace seventeen::storage
