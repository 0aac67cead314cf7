// Finds grains in sparse extents, hosted or stream-optimized.
#include "storage/vmdk_sparse_extent.h"

#include <algorithm>
#include <bit>

#include "core/text.h"
#include "storage/byte_order.h"
#include "storage/decompress.h"

namespace seventeen::storage {

namespace {

constexpr u64 kSector = 512;
constexpr u32 kMagic = 0x564d'444b;  // KDMV
constexpr u64 kHeaderSize = 512;
constexpr u64 kLargestGrain = 16 << 20;
constexpr u64 kMostTableEntries = 512;
constexpr u64 kLargestDescriptor = 1 << 20;
constexpr u64 kDirectoryAtEnd = ~u64{0};  // and a second header there says where
constexpr u32 kDeflate = 1;
constexpr u64 kMarkerSize = 12;  // a sector number and the size of what follows
constexpr u32 kZeroGrain = 1;
constexpr std::size_t kMostDecompressed = 4 << 20;

// "Hosted Sparse Extent Header".
enum Field : std::size_t {
    kVersion = 4,
    kFlags = 8,
    kCapacity = 12,
    kGrainSize = 20,
    kDescriptorOffset = 28,
    kDescriptorSize = 36,
    kEntriesPerTable = 44,
    kDirectory = 56,
    kNewLines = 73,
    kCompressAlgorithm = 77,
};

constexpr u32 kNewLinesValid = 1u << 0;
constexpr u32 kZeroGrains = 1u << 2;
constexpr u32 kCompressedGrains = 1u << 16;
constexpr u32 kMarkers = 1u << 17;

constexpr const char* kConvert = "convert it with qemu-img convert -O qcow2";

std::vector<u8> header_at(Image& file, u64 offset) {
    std::vector<u8> bytes(kHeaderSize);
    file.read(offset, bytes);
    if (little<u32>(bytes) != kMagic) file.damaged("it has no VMDK header at " + hex(offset));
    return bytes;
}

// A number of sectors as bytes.
u64 bytes_of(Image& file, std::span<const u8> header, Field field, const char* what) {
    const u64 sectors = little<u64>(header, field);
    if (sectors > kMaxDiskSize / kSector)
        file.damaged(std::string(what) + " is " + std::to_string(sectors) + " sectors");
    return sectors * kSector;
}

void check_marks(Image& file, std::span<const u8> header, u32 flags) {
    const u32 version = little<u32>(header, kVersion);
    if (version < 1 || version > 3)
        file.unsupported(
            "it is VMDK of version " + std::to_string(version) + ", 1 to 3 are supported",
            kConvert);
    if ((flags & kNewLinesValid) != 0 && little<u32>(header, kNewLines) != 0x0a0d'200a)
        file.damaged("it was transferred as text, which changed its line ends");
    const u32 algorithm = little<u16>(header, kCompressAlgorithm);
    if ((flags & kCompressedGrains) != 0 && algorithm != kDeflate)
        file.unsupported(
            "its compression is " + std::to_string(algorithm) + ", 1 (deflate) is supported",
            kConvert);
}

void check_layout(Image& file, const VmdkSparseHeader& header) {
    if (!std::has_single_bit(header.grain_size) || header.grain_size > kLargestGrain)
        file.damaged("its grains are of " + std::to_string(header.grain_size) + " bytes");
    if (header.entries_per_table == 0 || header.entries_per_table > kMostTableEntries)
        file.damaged("its grain tables have " + std::to_string(header.entries_per_table) +
                     " entries");
    const u64 mapped_by_table = header.grain_size * header.entries_per_table;
    const u64 tables = (header.capacity + mapped_by_table - 1) / mapped_by_table;
    if (!lies_within(header.directory_offset, tables * sizeof(u32), file.size()))
        file.damaged("its grain directory at " + hex(header.directory_offset) +
                     " does not lie within the file; was it cut short?");
    if (header.descriptor_size > kLargestDescriptor ||
        !lies_within(header.descriptor_offset, header.descriptor_size, file.size()))
        file.damaged("its descriptor, " + std::to_string(header.descriptor_size) + " bytes at " +
                     hex(header.descriptor_offset) + ", does not lie within the file");
}

}  // namespace

bool is_vmdk_sparse_extent(Image& file) {
    return little<u32>(file, 0) == kMagic;
}

VmdkSparseHeader read_vmdk_sparse_header(Image& file) {
    std::vector<u8> bytes = header_at(file, 0);
    VmdkSparseHeader header;
    // The embedded descriptor is where the first header says, even if the directory is not.
    header.descriptor_offset = bytes_of(file, bytes, kDescriptorOffset, "its descriptor's place");
    header.descriptor_size = bytes_of(file, bytes, kDescriptorSize, "its descriptor's size");
    if (little<u64>(bytes, kDirectory) == kDirectoryAtEnd) {
        // "Stream-Optimized": the last two sectors are a header and the end-of-stream marker.
        constexpr u64 kFooterFromEnd = 2 * kSector;
        if (file.size() < kHeaderSize + kFooterFromEnd)
            file.damaged("it has no footer; was it cut short?");
        bytes = header_at(file, file.size() - kFooterFromEnd);
    }
    const u32 flags = little<u32>(bytes, kFlags);
    check_marks(file, bytes, flags);
    header.capacity = bytes_of(file, bytes, kCapacity, "its capacity");
    header.grain_size = bytes_of(file, bytes, kGrainSize, "its grain size");
    header.entries_per_table = little<u32>(bytes, kEntriesPerTable);
    header.directory_offset = bytes_of(file, bytes, kDirectory, "its grain directory's place");
    header.zero_grains = (flags & kZeroGrains) != 0;
    header.compressed = (flags & kCompressedGrains) != 0;
    header.markers = (flags & kMarkers) != 0;
    check_layout(file, header);
    return header;
}

VmdkSparseExtent::VmdkSparseExtent(std::unique_ptr<Image> file, const VmdkSparseHeader& header,
                                   Backing backing)
    : ClusteredImage(file->name(), header.capacity, header.grain_size, std::move(backing)),
      file_(std::move(file)),
      header_(header),
      tables_(*file_),
      grains_(kMostDecompressed) {}

// The sector of a grain; zero where there is none.
u32 VmdkSparseExtent::grain_entry(u64 grain) {
    const u64 in_directory = grain / header_.entries_per_table * sizeof(u32);
    const u64 table = u64{little<u32>(tables_, header_.directory_offset + in_directory)} * kSector;
    if (table == 0) return 0;
    const u64 at = table + grain % header_.entries_per_table * sizeof(u32);
    if (!lies_within(at, sizeof(u32), file_->size()))
        damaged("the grain table at " + hex(table) + " does not lie within the file");
    return little<u32>(tables_, at);
}

void VmdkSparseExtent::read_cluster(u64 offset, std::span<u8> into) {
    const u32 entry = grain_entry(offset / header_.grain_size);
    if (entry == 0) return read_backing(offset, into);
    if (entry == kZeroGrain && header_.zero_grains) {
        std::fill(into.begin(), into.end(), u8{0});
        return;
    }
    const u64 at = u64{entry} * kSector;
    const u64 within = offset % header_.grain_size;
    if (at >= file_->size()) damaged("the grain at " + hex(at) + " does not lie within the file");
    if (!header_.compressed) return file_->read(at + within, into);
    const std::vector<u8>* bytes = grains_.find(at);
    if (bytes == nullptr) bytes = &grains_.insert(at, decompressed(at));
    std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(within), into.size(), into.begin());
}

// Without markers nothing says how long the compressed data are; they say it themselves.
std::vector<u8> VmdkSparseExtent::decompressed(u64 at) {
    const u64 most = 2 * header_.grain_size;
    const u64 size = header_.markers ? little<u32>(*file_, at + sizeof(u64)) : most;
    if (size > most) damaged("the compressed grain at " + hex(at) + " is too long");
    std::vector<u8> packed(size);
    file_->read(at + (header_.markers ? kMarkerSize : 0), packed);
    std::vector<u8> bytes(header_.grain_size);
    // The last grain of a disk may be shorter than others.
    if (decompress(Compression::kZlib, packed, bytes) == 0)
        damaged("the compressed grain at " + hex(at) + " cannot be decompressed");
    return bytes;
}

}  // namespace seventeen::storage
