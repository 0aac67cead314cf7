// Puts the extents of a VMDK disk one behind the other, over its parent where it has one.
#include "storage/vmdk_image.h"

#include <algorithm>

#include "storage/vmdk_sparse_extent.h"

namespace seventeen::storage {

namespace {

constexpr u64 kSector = 512;
constexpr u64 kLongestDescriptor = 1 << 20;

std::string text(Image& file, u64 offset, u64 size) {
    std::string bytes(size, '\0');
    // SAFETY: a string's bytes, size of them.
    file.read(offset, {reinterpret_cast<u8*>(bytes.data()), bytes.size()});
    return bytes;
}

std::shared_ptr<Image> open_parent(const Image& file, const VmdkDescriptor& descriptor,
                                   Companions& companions) {
    if (descriptor.parent_content_id.empty()) return nullptr;
    std::shared_ptr<Image> parent = companions.backing(descriptor.parent_name, Format::kVmdk);
    if (parent->identity() != descriptor.parent_content_id)
        file.unsupported("its parent " + parent->name() + " has changed since, or is another image",
                         "put the right image in that place");
    return parent;
}

std::unique_ptr<Image> flat_extent(std::unique_ptr<Image> file, const VmdkExtentLine& line) {
    const u64 offset = line.first_sector * kSector;
    const u64 size = line.sectors * kSector;
    if (!lies_within(offset, size, file->size()))
        file->damaged("it is " + std::to_string(file->size()) +
                      " bytes long, its descriptor says " + std::to_string(size) + " at " +
                      std::to_string(offset));
    return std::make_unique<SliceImage>(std::move(file), offset, size);
}

std::unique_ptr<Image> sparse_extent(std::unique_ptr<Image> file, u64 size, Backing backing) {
    const VmdkSparseHeader header = read_vmdk_sparse_header(*file);
    if (header.capacity < size)
        file->damaged("it holds " + std::to_string(header.capacity) +
                      " bytes of disk, its descriptor says " + std::to_string(size));
    return std::make_unique<VmdkSparseExtent>(std::move(file), header, std::move(backing));
}

}  // namespace

VmdkImage::VmdkImage(std::string name, std::string content_id)
    : Image(std::move(name)), content_id_(std::move(content_id)) {}

std::unique_ptr<Image> VmdkImage::open(std::unique_ptr<Image> file, Companions& companions) {
    const bool whole = is_vmdk_sparse_extent(*file);
    u64 offset = 0;
    u64 size = file->size();
    if (whole) {
        const VmdkSparseHeader header = read_vmdk_sparse_header(*file);
        offset = header.descriptor_offset;
        size = header.descriptor_size;
        if (size == 0)
            file->unsupported("it is one part of a disk",
                              "name the small text file with the disk's description instead");
    }
    if (size > kLongestDescriptor)
        file->damaged("its descriptor is " + std::to_string(size) + " bytes long");
    const VmdkDescriptor descriptor = parse_vmdk_descriptor(*file, text(*file, offset, size));
    const std::shared_ptr<Image> parent = open_parent(*file, descriptor, companions);
    auto disk = std::unique_ptr<VmdkImage>(new VmdkImage(file->name(), descriptor.content_id));
    if (whole && descriptor.extents.size() != 1)
        file->damaged("its descriptor lists " + std::to_string(descriptor.extents.size()) +
                      " extents in one file");
    for (const VmdkExtentLine& line : descriptor.extents) {
        const u64 bytes = line.sectors * kSector;
        if (line.type == VmdkExtentType::kZero) {
            disk->add(bytes, nullptr);
        } else if (line.type == VmdkExtentType::kFlat) {
            if (whole) file->damaged("its descriptor calls it a flat extent");
            disk->add(bytes, flat_extent(companions.extent(line.file), line));
        } else {
            // A file that holds its own descriptor is that extent, whatever it is called by now.
            auto extent = whole ? std::move(file) : companions.extent(line.file);
            disk->add(bytes, sparse_extent(std::move(extent), bytes, {parent, disk->size_}));
        }
    }
    return disk;
}

void VmdkImage::add(u64 size, std::unique_ptr<Image> image) {
    size_ += size;
    extents_.push_back({size_, std::move(image)});
}

void VmdkImage::read_inside(u64 offset, std::span<u8> into) {
    auto extent =
        std::upper_bound(extents_.begin(), extents_.end(), offset,
                         [](u64 at, const Extent& candidate) { return at < candidate.end; });
    while (!into.empty()) {
        const u64 start = extent == extents_.begin() ? 0 : std::prev(extent)->end;
        const u64 count = std::min<u64>(extent->end - offset, into.size());
        const std::span<u8> part = into.first(count);
        if (extent->image) {
            extent->image->read(offset - start, part);
        } else {
            std::fill(part.begin(), part.end(), u8{0});
        }
        offset += count;
        into = into.subspan(count);
        ++extent;
    }
}

}  // namespace seventeen::storage
