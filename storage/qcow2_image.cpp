// Follows qcow2's two levels of tables to clusters, which may be plain, compressed, zero or
// missing.
#include "storage/qcow2_image.h"

#include <algorithm>

#include "core/text.h"
#include "storage/byte_order.h"

namespace seventeen::storage {

namespace {

constexpr u64 kOffsetMask = 0x00ff'ffff'ffff'fe00;  // of tables and clusters: bits 9 to 55
constexpr u64 kReadsAsZeros = 1;                    // version 3
constexpr u64 kCompressed = u64{1} << 62;
constexpr u64 kCopied = u64{1} << 63;  // may be written in place: nothing to a reader
constexpr u64 kSector = 512;
constexpr std::size_t kMostDecompressed = 4 << 20;

}  // namespace

std::unique_ptr<Image> Qcow2Image::open(std::unique_ptr<Image> file, Companions& companions) {
    Qcow2Header header = read_qcow2_header(*file);
    if (header.corrupt)
        companions.note(file->name() + " is marked as corrupt: repair it with qemu-img check");
    if (header.dirty)
        companions.note(file->name() + " was not closed by the program that wrote it");
    Backing backing;
    if (!header.backing_name.empty())
        backing.image = companions.backing(header.backing_name, header.backing_format);
    return std::unique_ptr<Image>(
        new Qcow2Image(std::move(file), std::move(header), std::move(backing)));
}

Qcow2Image::Qcow2Image(std::unique_ptr<Image> file, Qcow2Header header, Backing backing)
    : ClusteredImage(file->name(), header.size, u64{1} << header.cluster_bits, std::move(backing)),
      file_(std::move(file)),
      header_(std::move(header)),
      tables_(*file_),
      clusters_(kMostDecompressed) {}

// Zero where nothing is allocated.
u64 Qcow2Image::second_level_entry(u64 offset) {
    const u64 cluster = offset >> header_.cluster_bits;
    const unsigned bits = header_.cluster_bits - 3;  // entries of 8 bytes fill a cluster
    const u64 first = big<u64>(tables_, header_.l1_offset + (cluster >> bits) * sizeof(u64));
    const u64 table = first & kOffsetMask;
    if (table == 0) return 0;
    const u64 at = table + (cluster & ((u64{1} << bits) - 1)) * sizeof(u64);
    if (table % cluster_size() != 0 || !lies_within(at, sizeof(u64), file_->size()))
        damaged("the second-level table at " + hex(table) + " does not lie within the file");
    return big<u64>(tables_, at) & ~kCopied;
}

void Qcow2Image::read_cluster(u64 offset, std::span<u8> into) {
    const u64 entry = second_level_entry(offset);
    const u64 within = offset % cluster_size();
    if ((entry & kCompressed) != 0) return read_compressed(entry, within, into);
    const u64 cluster = entry & kOffsetMask;
    if ((entry & kReadsAsZeros) != 0) {
        if (header_.version < 3) damaged("it has a zero cluster, which version 2 does not know");
        std::fill(into.begin(), into.end(), u8{0});
    } else if (cluster == 0) {
        read_backing(offset, into);
    } else {
        // The last cluster of a file may be cut short where it would be zeros.
        if (cluster % cluster_size() != 0 || cluster >= file_->size())
            damaged("the cluster at " + hex(cluster) + " does not lie within the file");
        file_->read(cluster + within, into);
    }
}

void Qcow2Image::read_compressed(u64 entry, u64 within, std::span<u8> into) {
    const std::vector<u8>* bytes = clusters_.find(entry);
    if (bytes == nullptr) bytes = &clusters_.insert(entry, decompressed(entry));
    std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(within), into.size(), into.begin());
}

// "Compressed Clusters Descriptor": an offset, and how many more sectors the data reach into.
std::vector<u8> Qcow2Image::decompressed(u64 entry) {
    const unsigned offset_bits = 62 - (header_.cluster_bits - 8);
    const u64 offset = entry & ((u64{1} << offset_bits) - 1);
    const u64 more_sectors = (entry & (kCompressed - 1)) >> offset_bits;
    if (offset >= file_->size())
        damaged("the compressed cluster at " + hex(offset) + " does not lie within the file");
    std::vector<u8> packed((more_sectors + 1) * kSector - offset % kSector);
    file_->read(offset, packed);
    std::vector<u8> bytes(cluster_size());
    if (decompress(header_.compression, packed, bytes) != bytes.size())
        damaged("the compressed cluster at " + hex(offset) + " cannot be decompressed");
    return bytes;
}

}  // namespace seventeen::storage
