// The marks of boot sectors, partition tables, file systems, kernels and archives.
#include "machine/guest_image.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "devices/floppy_drive.h"
#include "machine/linux_kernel.h"
#include "machine/multiboot.h"
#include "storage/format.h"
#include "storage/host_file.h"

namespace seventeen::machine {

namespace {

using namespace std::string_view_literals;

constexpr u64 kSector = 512;
constexpr u64 kMegabyte = 1u << 20;

// RAM that fits: DOS drivers of the floppies' time go wrong beyond 64 MiB; installers want more.
constexpr u64 kFloppyMemory = 64 * kMegabyte;
constexpr u64 kDiskMemory = 256 * kMegabyte;
constexpr u64 kCdromMemory = 512 * kMegabyte;
constexpr u64 kLinuxMemory = 512 * kMegabyte;
constexpr u64 kMultibootMemory = 128 * kMegabyte;

constexpr u64 kBootSectorLargest = 64u << 10;
constexpr u64 kBootSectorFloppy = 1440u << 10;

// --- marks ---
constexpr std::size_t kBootMark = 510;
constexpr u16 kBootMarkValue = 0xaa55;
constexpr std::size_t kPartitionTable = 0x1be;
constexpr std::size_t kPartitionRecord = 16;
constexpr std::size_t kGptMark = kSector;
constexpr std::size_t kIsoDescriptors = 0x8000;  // ECMA-119, 6.3: from sector 16
constexpr std::size_t kIsoVolume = kIsoDescriptors + 40;
constexpr std::size_t kIsoVolumeSize = 32;
constexpr std::size_t kElTorito = kIsoDescriptors + 0x800 + 7;  // El Torito 1.0, figure 7
constexpr std::size_t kExtMark = 1024 + 56;
constexpr u16 kExtMarkValue = 0xef53;

// --- BIOS parameter block (Microsoft, "FAT: General Overview of On-Disk Format" 1.03) ---
constexpr std::size_t kOemName = 3;
constexpr std::size_t kOemNameSize = 8;
constexpr std::size_t kBytesPerSector = 11;
constexpr std::size_t kSectorsPerCluster = 13;
constexpr std::size_t kReservedSectors = 14;
constexpr std::size_t kFats = 16;
constexpr std::size_t kRootEntries = 17;
constexpr std::size_t kSectors = 19;
constexpr std::size_t kMedia = 21;
constexpr std::size_t kSectorsPerFat = 22;
constexpr std::size_t kManySectors = 32;
constexpr std::size_t kSectorsPerFat32 = 36;
constexpr u32 kFat12Clusters = 4085;
constexpr u32 kFat16Clusters = 65525;

constexpr std::string_view kElfMark =
    "\x7f"
    "ELF";

struct Archive {
    std::string_view mark;
    const char* name;
};
constexpr std::array<Archive, 9> kArchives{{{"\x1f\x8b"sv, "gzip"},
                                            {"070701"sv, "cpio"},
                                            {"070702"sv, "cpio"},
                                            {"070707"sv, "cpio"},
                                            {"\xfd"
                                             "7zXZ\0"sv,
                                             "xz"},
                                            {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                            {"\x02\x21\x4c\x18"sv, "lz4"},
                                            {"BZh"sv, "bzip2"},
                                            {"\x5d\0\0"sv, "lzma"}}};

template <typename T>
T get(std::span<const u8> bytes, std::size_t at) {
    u64 value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        if (at + i < bytes.size()) value |= u64{bytes[at + i]} << 8 * i;
    return static_cast<T>(value);
}

bool has(std::span<const u8> bytes, std::size_t at, std::string_view mark) {
    if (at > bytes.size() || mark.size() > bytes.size() - at) return false;
    return std::equal(mark.begin(), mark.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char letter, u8 byte) { return static_cast<u8>(letter) == byte; });
}

// Printable text of a fixed length, without its padding; empty where it is not text.
std::string text(std::span<const u8> bytes, std::size_t at, std::size_t size) {
    std::string found;
    for (std::size_t i = at; i < std::min(at + size, bytes.size()); ++i) {
        if (bytes[i] == 0) break;
        if (bytes[i] < ' ' || bytes[i] > '~') return {};
        found += static_cast<char>(bytes[i]);
    }
    found.resize(found.find_last_not_of(' ') + 1);
    return found;
}

bool has_boot_mark(const ImageSample& image) {
    return get<u16>(image.head, kBootMark) == kBootMarkValue;
}

bool is_blank(std::span<const u8> bytes) {
    return std::ranges::all_of(bytes, [](u8 byte) { return byte == 0; });
}

std::string size_text(u64 bytes) {
    constexpr std::array<const char*, 4> kUnits = {" KB", " MB", " GB", " TB"};
    u64 tenths = bytes * 10 / 1024;
    std::size_t unit = 0;
    for (; tenths >= 10240 && unit + 1 < kUnits.size(); ++unit) tenths /= 1024;
    const std::string fraction =
        tenths < 100 && tenths % 10 != 0 ? "." + std::to_string(tenths % 10) : "";
    return std::to_string(tenths / 10) + fraction + kUnits[unit];
}

// As it is printed on the box.
std::string floppy_size(u64 bytes) {
    const u64 kilobytes = bytes / 1024;
    if (kilobytes < 1000) return std::to_string(kilobytes) + " KB";
    const u64 hundredths = kilobytes / 10;
    const std::string fraction = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + "." + (fraction.size() < 2 ? "0" : "") + fraction +
           " MB";
}

// "FAT12", "FAT16" or "FAT32" by the number of clusters; nothing where there is no sane block.
std::optional<std::string> fat(const ImageSample& image) {
    const std::span<const u8> head = image.head;
    const u32 cluster = get<u8>(head, kSectorsPerCluster);
    const u32 fats = get<u8>(head, kFats);
    const u32 reserved = get<u16>(head, kReservedSectors);
    const u32 few = get<u16>(head, kSectors);
    const u64 sectors = few != 0 ? few : get<u32>(head, kManySectors);
    const u32 small = get<u16>(head, kSectorsPerFat);
    const u64 per_fat = small != 0 ? small : get<u32>(head, kSectorsPerFat32);
    if (get<u16>(head, kBytesPerSector) != kSector || cluster == 0 ||
        (cluster & (cluster - 1)) != 0 || reserved == 0 || fats == 0 || fats > 2 || per_fat == 0 ||
        get<u8>(head, kMedia) < 0xf0 || sectors == 0)
        return std::nullopt;
    const u64 root = (get<u16>(head, kRootEntries) * u64{32} + kSector - 1) / kSector;
    const u64 system = reserved + fats * per_fat + root;
    if (system >= sectors) return std::nullopt;
    const u64 clusters = (sectors - system) / cluster;
    if (clusters < kFat12Clusters) return "FAT12";
    return clusters < kFat16Clusters ? "FAT16" : "FAT32";
}

// ", FAT12, boot sector 'FREEDOS'"
std::string sector_text(const ImageSample& image) {
    std::string said;
    if (const auto type = fat(image)) said += ", " + *type;
    if (!has_boot_mark(image)) return said + ", no boot sector";
    const std::string name = text(image.head, kOemName, kOemNameSize);
    return said + (name.empty() ? ", boot sector" : ", boot sector '" + name + "'");
}

// The number of partitions; none where the table makes no sense.
std::optional<unsigned> partitions(const ImageSample& image) {
    unsigned used = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = kPartitionTable + i * kPartitionRecord;
        const u8 status = get<u8>(image.head, at);
        const u8 type = get<u8>(image.head, at + 4);
        const u32 start = get<u32>(image.head, at + 8);
        const u32 size = get<u32>(image.head, at + 12);
        if ((status & 0x7f) != 0) return std::nullopt;
        if (type == 0) continue;
        if (start == 0 || size == 0 || start >= image.size / kSector) return std::nullopt;
        ++used;
    }
    return used == 0 ? std::nullopt : std::optional(used);
}

// --- one kind each ---

std::optional<GuestImage> linux_kernel(const ImageSample& image) {
    const auto header = linux_header(image.head);
    if (!header) return std::nullopt;
    std::string said = "Linux kernel";
    if (const auto version = header->version.substr(0, header->version.find(' ')); !version.empty())
        said += " " + version;
    said += header->loaded_high ? ", bzImage" : ", zImage";
    if (header->wide_only) said += ", for x86-64";
    return GuestImage{.kind = GuestKind::kLinuxKernel,
                      .description = said,
                      .memory = kLinuxMemory,
                      .bootable = true};
}

std::optional<GuestImage> cdrom(const ImageSample& image) {
    if (!has(image.head, kIsoDescriptors + 1, "CD001")) return std::nullopt;
    const bool bootable = has(image.head, kElTorito, "EL TORITO SPECIFICATION");
    const std::string volume = text(image.head, kIsoVolume, kIsoVolumeSize);
    std::string said = size_text(image.size) + " CD-ROM";
    if (!volume.empty()) said += " '" + volume + "'";
    if (has_boot_mark(image)) said += ", hybrid";
    said += bootable ? ", bootable (El Torito)" : ", not bootable";
    return GuestImage{.kind = GuestKind::kCdrom,
                      .description = said,
                      .memory = kCdromMemory,
                      .boot_letter = 'd',
                      .bootable = bootable};
}

std::optional<GuestImage> floppy(const ImageSample& image) {
    if (image.size % kSector != 0 || !devices::floppy_geometry(image.size / kSector))
        return std::nullopt;
    return GuestImage{.kind = GuestKind::kFloppy,
                      .description = floppy_size(image.size) + " floppy" + sector_text(image),
                      .memory = kFloppyMemory,
                      .boot_letter = 'a',
                      .bootable = has_boot_mark(image)};
}

GuestImage disk_of(const std::string& description, bool bootable) {
    return {.kind = GuestKind::kDisk,
            .description = description,
            .memory = kDiskMemory,
            .boot_letter = 'c',
            .bootable = bootable};
}

std::optional<GuestImage> partitioned_disk(const ImageSample& image) {
    if (!has_boot_mark(image) || image.size % kSector != 0) return std::nullopt;
    const std::string size = size_text(image.size) + " hard disk, ";
    const bool code = get<u8>(image.head, 0) != 0;
    if (has(image.head, kGptMark, "EFI PART")) return disk_of(size + "GPT", code);
    const auto count = partitions(image);
    if (!count) return std::nullopt;
    return disk_of(size + std::to_string(*count) + (*count == 1 ? " partition" : " partitions"),
                   code);
}

std::optional<GuestImage> boot_sector(const ImageSample& image) {
    if (!has_boot_mark(image)) return std::nullopt;
    if (image.size > kBootSectorLargest)
        return disk_of(size_text(image.size) + " hard disk without partitions" + sector_text(image),
                       true);
    return GuestImage{
        .kind = GuestKind::kBootSector,
        .description = "boot sector with " + std::to_string(image.size) + " bytes, for a floppy",
        .memory = kFloppyMemory,
        .boot_letter = 'a',
        .bootable = true,
        .padded_size = kBootSectorFloppy};
}

std::optional<GuestImage> multiboot_kernel(const ImageSample& image) {
    if (!multiboot_header(image.head)) return std::nullopt;
    return GuestImage{.kind = GuestKind::kMultibootKernel,
                      .description = has(image.head, 0, kElfMark)
                                         ? "Multiboot kernel, ELF"
                                         : "Multiboot kernel, addresses in its header",
                      .memory = kMultibootMemory,
                      .bootable = true};
}

std::optional<GuestImage> archive(const ImageSample& image) {
    for (const Archive& known : kArchives)
        if (has(image.head, 0, known.mark))
            return GuestImage{.kind = GuestKind::kInitrd,
                              .description = size_text(image.size) + " initrd, " + known.name,
                              .memory = kLinuxMemory};
    return std::nullopt;
}

std::optional<GuestImage> unpartitioned_disk(const ImageSample& image) {
    if (image.size % kSector != 0 || image.size < kMegabyte) return std::nullopt;
    const std::string size = size_text(image.size) + " hard disk";
    if (get<u16>(image.head, kExtMark) == kExtMarkValue)
        return disk_of(size + ", an ext file system without partitions", false);
    if (is_blank(image.head)) return disk_of(size + ", blank", false);
    return std::nullopt;
}

std::string unknown_text(std::span<const u8> head) {
    if (has(head, 0, kElfMark))
        return "an ELF file without a Multiboot header, which no boot loader here can start";
    if (has(head, 0, "MZ")) return "a DOS or EFI program; it has to be run from a disk";
    return "not a guest image: it has no boot sector, partition table, ISO 9660 file system, "
           "Linux or Multiboot header, nor a disk image's or archive's mark";
}

GuestImage unknown(const ImageSample& image) {
    return {.kind = GuestKind::kUnknown,
            .description = unknown_text(image.head),
            .memory = kDiskMemory};
}

}  // namespace

// The order matters: a hybrid ISO has a boot sector, too; GRUB, on a disk, has a Multiboot header
// behind its boot sector; and a kernel may be as long as a floppy disk.
GuestImage recognise(const ImageSample& image) {
    if (const auto found = linux_kernel(image)) return *found;
    if (const auto found = cdrom(image)) return *found;
    const bool elf = has(image.head, 0, kElfMark);
    if (!elf && !archive(image))
        for (const auto kind : {floppy, partitioned_disk, boot_sector})
            if (const auto found = kind(image)) return *found;
    for (const auto kind : {multiboot_kernel, archive, unpartitioned_disk})
        if (const auto found = kind(image)) return *found;
    return unknown(image);
}

GuestImage recognise(const std::filesystem::path& path) {
    storage::HostFile file(path, storage::Access::kRead);
    if (file.size() == 0) throw Error(path.string() + " is empty");
    const storage::Format format = storage::recognise(file);
    if (format != storage::Format::kRaw)
        return disk_of("hard disk in a " + std::string(storage::format_name(format)) + " image",
                       true);
    std::vector<u8> head(std::min<u64>(file.size(), kImageHead));
    file.read(0, head);
    return recognise(ImageSample{file.size(), head});
}

}  // namespace seventeen::machine
