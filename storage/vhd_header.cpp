// Reads and validates the footers and headers of VHD images.
#include "storage/vhd_header.h"

#include <bit>
#include <cstring>
#include <vector>

#include "core/text.h"
#include "storage/byte_order.h"
#include "storage/utf16.h"

namespace seventeen::storage {

namespace {

constexpr u64 kFooterSize = 512;
constexpr u64 kHeaderSize = 1024;
constexpr std::string_view kFooterCookie = "conectix";
constexpr std::string_view kHeaderCookie = "cxsparse";
constexpr u64 kLargestBlock = 256 << 20;
constexpr std::size_t kIdentitySize = 16;

// "Hard Disk Footer Format".
enum FooterField : std::size_t {
    kFooterVersion = 12,
    kDataOffset = 16,
    kCurrentSize = 48,
    kDiskType = 60,
    kFooterChecksum = 64,
    kUniqueId = 68,
};

// "Dynamic Disk Header Format".
enum HeaderField : std::size_t {
    kTableOffset = 16,
    kHeaderVersion = 24,
    kTableEntries = 28,
    kBlockSize = 32,
    kHeaderChecksum = 36,
    kParentId = 40,
    kParentName = 64,
    kParentLocators = 576,
};

constexpr std::size_t kParentNameSize = 512;
constexpr std::size_t kLocators = 8;
constexpr std::size_t kLocatorSize = 24;
constexpr u32 kRelativePath = 0x5732'7275;  // "W2ru": UTF-16, from the folder of the image
constexpr u32 kLongestPath = 64 << 10;

bool starts_with(std::span<const u8> bytes, std::string_view text) {
    return std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// The ones' complement of the sum of all bytes but the checksum's own.
bool checksum_holds(std::span<const u8> bytes, std::size_t at) {
    u32 sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (i < at || i >= at + sizeof(u32)) sum += bytes[i];
    return big<u32>(bytes, at) == ~sum;
}

std::vector<u8> piece(Image& file, u64 offset, u64 size) {
    std::vector<u8> bytes(size);
    file.read(offset, bytes);
    return bytes;
}

std::string identity_of(std::span<const u8> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const u8 byte : bytes.first(kIdentitySize)) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

// Dynamic images have a copy of the footer at the start; a fixed one is known by its end alone.
std::vector<u8> find_footer(Image& file) {
    std::vector<u8> footer = piece(file, 0, kFooterSize);
    if (starts_with(footer, kFooterCookie)) return footer;
    if (file.size() >= kFooterSize) footer = piece(file, file.size() - kFooterSize, kFooterSize);
    if (!starts_with(footer, kFooterCookie))
        file.damaged("it has no VHD footer at its end; was it cut short?");
    return footer;
}

// A path beside the image. Parents' names have been written by Windows.
std::string from_windows(std::string path) {
    for (char& c : path)
        if (c == '\\') c = '/';
    while (path.starts_with("./")) path.erase(0, 2);
    return path;
}

std::string find_parent(Image& file, std::span<const u8> header) {
    for (std::size_t i = 0; i < kLocators; ++i) {
        const auto locator = header.subspan(kParentLocators + i * kLocatorSize, kLocatorSize);
        if (big<u32>(locator) != kRelativePath) continue;
        const u64 length = big<u32>(locator, 8);
        const u64 offset = big<u64>(locator, 16);
        if (length == 0 || length > kLongestPath || !lies_within(offset, length, file.size()))
            file.damaged("the path of its parent, " + std::to_string(length) + " bytes at " +
                         hex(offset) + ", does not lie within the file");
        return from_windows(utf8_of_little_utf16(piece(file, offset, length)));
    }
    // Without a relative path there is the parent's name; it is expected beside the image.
    const std::string name =
        from_windows(utf8_of_big_utf16(header.subspan(kParentName, kParentNameSize)));
    const std::string last = name.substr(name.rfind('/') + 1);
    if (last.empty()) file.damaged("it does not say what its parent is");
    return last;
}

void read_dynamic_part(Image& file, u64 offset, VhdHeader& vhd) {
    if (!lies_within(offset, kHeaderSize, file.size()))
        file.damaged("its dynamic disk header at " + hex(offset) + " does not lie within the file");
    const std::vector<u8> header = piece(file, offset, kHeaderSize);
    if (!starts_with(header, kHeaderCookie) || !checksum_holds(header, kHeaderChecksum))
        file.damaged("its dynamic disk header has a wrong mark or checksum");
    if (big<u32>(header, kHeaderVersion) >> 16 != 1)
        file.unsupported("its dynamic disk header is of version " +
                             hex(big<u32>(header, kHeaderVersion)) + ", 0x10000 is supported",
                         "convert it with qemu-img convert");
    vhd.block_size = big<u32>(header, kBlockSize);
    if (!std::has_single_bit(vhd.block_size) || vhd.block_size < kFooterSize ||
        vhd.block_size > kLargestBlock)
        file.damaged("its blocks are of " + std::to_string(vhd.block_size) + " bytes");
    const u64 entries = big<u32>(header, kTableEntries);
    vhd.table_offset = big<u64>(header, kTableOffset);
    if (entries * vhd.block_size < vhd.size)
        file.damaged("its block table has " + std::to_string(entries) +
                     " entries, too few for a disk of " + std::to_string(vhd.size) + " bytes");
    if (!lies_within(vhd.table_offset, entries * sizeof(u32), file.size()))
        file.damaged("its block table at " + hex(vhd.table_offset) +
                     " does not lie within the file");
    if (vhd.type != VhdType::kDifferencing) return;
    vhd.parent_identity = identity_of(std::span(header).subspan(kParentId));
    vhd.parent_name = find_parent(file, header);
}

}  // namespace

bool has_fixed_vhd_footer(Image& file) {
    if (file.size() < kFooterSize) return false;
    const std::vector<u8> footer = piece(file, file.size() - kFooterSize, kFooterSize);
    return starts_with(footer, kFooterCookie) && checksum_holds(footer, kFooterChecksum) &&
           big<u32>(footer, kDiskType) == static_cast<u32>(VhdType::kFixed);
}

VhdHeader read_vhd_header(Image& file) {
    const std::vector<u8> footer = find_footer(file);
    if (!checksum_holds(footer, kFooterChecksum))
        file.damaged("the checksum of its footer is wrong");
    if (big<u32>(footer, kFooterVersion) >> 16 != 1)
        file.unsupported("it is VHD of version " + hex(big<u32>(footer, kFooterVersion)) +
                             ", 0x10000 is supported",
                         "convert it with qemu-img convert");
    VhdHeader vhd;
    vhd.size = big<u64>(footer, kCurrentSize);
    if (vhd.size > kMaxDiskSize)
        file.damaged("its disk has " + std::to_string(vhd.size) +
                     " bytes, more than a disk can have");
    vhd.identity = identity_of(std::span(footer).subspan(kUniqueId));
    const u32 type = big<u32>(footer, kDiskType);
    if (type < static_cast<u32>(VhdType::kFixed) || type > static_cast<u32>(VhdType::kDifferencing))
        file.unsupported("its disk type is " + std::to_string(type) +
                             ", 2 (fixed), 3 (dynamic) and 4 (differencing) are supported",
                         "convert it with qemu-img convert");
    vhd.type = static_cast<VhdType>(type);
    if (vhd.type != VhdType::kFixed) {
        read_dynamic_part(file, big<u64>(footer, kDataOffset), vhd);
    } else if (!lies_within(0, vhd.size, file.size() - kFooterSize)) {
        file.damaged("its disk has " + std::to_string(vhd.size) + " bytes, the file " +
                     std::to_string(file.size()));
    }
    return vhd;
}

}  // namespace seventeen::storage
