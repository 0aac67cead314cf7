// Reads and validates qcow2 headers and their extensions.
#include "storage/qcow2_header.h"

#include <array>
#include <vector>

#include "core/text.h"
#include "storage/byte_order.h"

namespace seventeen::storage {

namespace {

constexpr u32 kMagic = 0x5146'49fb;  // QFI\xfb
constexpr u32 kVersion2HeaderLength = 72;
constexpr u32 kVersion3HeaderLength = 104;
constexpr u64 kMostL1Bytes = 32 << 20;  // as QEMU
constexpr u64 kMostBackingName = 1023;  // "Header", backing_file_size
constexpr u32 kMaxRefcountOrder = 6;

// Offsets in the header.
enum Field : u64 {
    kVersion = 4,
    kBackingOffset = 8,
    kBackingLength = 16,
    kClusterBits = 20,
    kSize = 24,
    kCryptMethod = 32,
    kL1Entries = 36,
    kL1Offset = 40,
    kIncompatible = 72,
    kRefcountOrder = 96,
    kHeaderLength = 100,
    kCompressionType = 104,
};

// Header extensions.
constexpr u32 kEndOfExtensions = 0;
constexpr u32 kBackingFormat = 0xe279'2aca;
constexpr u32 kFeatureNames = 0x6803'f857;

// Bits of incompatible_features.
constexpr unsigned kDirty = 0;
constexpr unsigned kCorrupt = 1;
constexpr unsigned kExternalData = 2;
constexpr unsigned kCompressionBit = 3;
constexpr unsigned kExtendedL2 = 4;
constexpr std::array<const char*, 5> kIncompatibleNames = {
    "dirty", "corrupt", "external data file", "compression type", "extended L2 entries"};

constexpr const char* kConvert = "convert it with qemu-img convert -O qcow2";

class HeaderReader {
  public:
    explicit HeaderReader(Image& file) : file_(file) {}

    Qcow2Header read();

  private:
    struct Extension {
        u32 type;
        u64 offset;
        u32 length;
    };

    u32 field32(u64 offset) { return big<u32>(file_, offset); }
    u64 field64(u64 offset) { return big<u64>(file_, offset); }
    u64 cluster_size() const { return u64{1} << header_.cluster_bits; }

    void read_fixed_part();
    void read_version3_part();
    void read_compression(bool bit);
    void check_l1();
    void read_backing_name();
    void read_extensions();
    void read_backing_format(const Extension& extension);
    void refuse_features(u64 bits);
    std::string feature_name(unsigned bit) const;
    std::string text(u64 offset, u64 length);

    Image& file_;
    Qcow2Header header_;
    u32 header_length_ = kVersion2HeaderLength;
    u64 backing_offset_ = 0;
    u64 incompatible_ = 0;
    std::string feature_names_;
};

Qcow2Header HeaderReader::read() {
    read_fixed_part();
    if (header_.version == 3) read_version3_part();
    read_backing_name();
    read_extensions();
    refuse_features(incompatible_);
    if (header_.version == 3) read_compression((incompatible_ >> kCompressionBit & 1) != 0);
    check_l1();
    return header_;
}

void HeaderReader::read_fixed_part() {
    if (file_.size() < kVersion2HeaderLength)
        file_.damaged("it is " + std::to_string(file_.size()) + " bytes long, its header is 72");
    if (field32(0) != kMagic)
        file_.unsupported("it is no qcow2 image", "name its format, or let it be recognised");
    header_.version = field32(kVersion);
    if (header_.version != 2 && header_.version != 3)
        file_.unsupported(
            "it is qcow of version " + std::to_string(header_.version) + ", 2 and 3 are supported",
            kConvert);
    header_.cluster_bits = field32(kClusterBits);
    if (header_.cluster_bits < 9 || header_.cluster_bits > 21)
        file_.damaged("its cluster size is 2^" + std::to_string(header_.cluster_bits) +
                      ", 2^9 to 2^21 are possible");
    header_.size = field64(kSize);
    if (header_.size > kMaxDiskSize)
        file_.damaged("its disk has " + std::to_string(header_.size) +
                      " bytes, more than a disk can have");
    if (field32(kCryptMethod) != 0) file_.unsupported("it is encrypted", kConvert);
}

void HeaderReader::read_version3_part() {
    header_length_ = field32(kHeaderLength);
    if (header_length_ < kVersion3HeaderLength || header_length_ > cluster_size() ||
        header_length_ % 8 != 0)
        file_.damaged("its header length is " + std::to_string(header_length_));
    if (field32(kRefcountOrder) > kMaxRefcountOrder)
        file_.damaged("its reference counts are 2^" + std::to_string(field32(kRefcountOrder)) +
                      " bits wide");
    incompatible_ = field64(kIncompatible);
    header_.dirty = (incompatible_ >> kDirty & 1) != 0;
    header_.corrupt = (incompatible_ >> kCorrupt & 1) != 0;
}

// The type is 0 and the bit clear, or neither is ("Additional fields").
void HeaderReader::read_compression(bool bit) {
    std::array<u8, 1> type{};
    if (header_length_ > kCompressionType) file_.read(kCompressionType, type);
    if (type[0] > 1)
        file_.unsupported("its compression type is " + std::to_string(type[0]) +
                              ", 0 (zlib) and 1 (zstd) are supported",
                          kConvert);
    if (bit != (type[0] != 0))
        file_.damaged("its compression type and the feature bit for it contradict each other");
    if (type[0] == 1) header_.compression = Compression::kZstd;
}

void HeaderReader::check_l1() {
    const u64 entries = field32(kL1Entries);
    header_.l1_offset = field64(kL1Offset);
    const u64 mapped_by_entry = cluster_size() * (cluster_size() / sizeof(u64));
    const u64 needed = (header_.size + mapped_by_entry - 1) / mapped_by_entry;
    if (entries < needed)
        file_.damaged("its first-level table has " + std::to_string(entries) + " entries, " +
                      std::to_string(needed) + " are needed");
    if (entries * sizeof(u64) > kMostL1Bytes)
        file_.damaged("its first-level table has " + std::to_string(entries) + " entries");
    if (header_.l1_offset % cluster_size() != 0 ||
        !lies_within(header_.l1_offset, entries * sizeof(u64), file_.size()))
        file_.damaged("its first-level table at " + hex(header_.l1_offset) +
                      " does not lie within the file");
}

void HeaderReader::read_backing_name() {
    backing_offset_ = field64(kBackingOffset);
    if (backing_offset_ == 0) return;
    const u64 length = field32(kBackingLength);
    if (length == 0 || length > kMostBackingName ||
        !lies_within(backing_offset_, length, cluster_size()) || backing_offset_ < header_length_)
        file_.damaged("the name of its backing file, " + std::to_string(length) + " bytes at " +
                      hex(backing_offset_) + ", does not lie within the first cluster");
    header_.backing_name = text(backing_offset_, length);
}

// Extensions follow the header up to the backing file's name or the end of the first cluster.
void HeaderReader::read_extensions() {
    const u64 end = backing_offset_ != 0 ? backing_offset_ : cluster_size();
    u64 at = header_length_;
    while (lies_within(at, 8, end)) {
        const Extension extension{field32(at), at + 8, field32(at + 4)};
        if (extension.type == kEndOfExtensions) return;
        if (!lies_within(extension.offset, extension.length, end))
            file_.damaged("its header extension at " + hex(at) + " is too long");
        if (extension.type == kBackingFormat) read_backing_format(extension);
        if (extension.type == kFeatureNames)
            feature_names_ = text(extension.offset, extension.length);
        at = extension.offset + (u64{extension.length} + 7) / 8 * 8;
    }
}

void HeaderReader::read_backing_format(const Extension& extension) {
    constexpr u32 kMostName = 31;
    const std::string name = text(extension.offset, std::min(extension.length, kMostName));
    header_.backing_format = format_by_name(name);
    if (!header_.backing_format)
        file_.unsupported("its backing file has the unknown format '" + name + "'", kConvert);
}

void HeaderReader::refuse_features(u64 bits) {
    constexpr u64 kUnderstood = 1u << kDirty | 1u << kCorrupt | 1u << kCompressionBit;
    static_assert((kUnderstood & (1u << kExternalData | 1u << kExtendedL2)) == 0);
    for (unsigned bit = 0; bit < 64; ++bit)
        if ((bits & ~kUnderstood) >> bit & 1)
            file_.unsupported("it needs the feature '" + feature_name(bit) + "' (bit " +
                                  std::to_string(bit) + ")",
                              kConvert);
}

// The image may name its features: a type, a bit and 46 bytes each ("Feature name table").
std::string HeaderReader::feature_name(unsigned bit) const {
    constexpr std::size_t kEntry = 48;
    if (bit < kIncompatibleNames.size()) return kIncompatibleNames[bit];
    for (std::size_t at = 0; at + kEntry <= feature_names_.size(); at += kEntry) {
        if (feature_names_[at] != 0 || static_cast<u8>(feature_names_[at + 1]) != bit) continue;
        std::string name;
        for (std::size_t i = at + 2; i < at + kEntry && feature_names_[i] != 0; ++i)
            name += feature_names_[i] >= ' ' && feature_names_[i] <= '~' ? feature_names_[i] : '?';
        return name;
    }
    return "unknown";
}

// At most a cluster, which the callers have checked.
std::string HeaderReader::text(u64 offset, u64 length) {
    std::vector<u8> bytes(length);
    file_.read(offset, bytes);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

Qcow2Header read_qcow2_header(Image& file) {
    return HeaderReader(file).read();
}

}  // namespace seventeen::storage
