// Guest images: what a file is, by what it holds and never by its name, and the machine it fits.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "core/types.h"

namespace seventeen::machine {

enum class GuestKind : u8 {
    kUnknown,
    kFloppy,
    kDisk,
    kCdrom,
    kBootSector,  // a few sectors that a BIOS would load; a floppy needs its end
    kLinuxKernel,
    kMultibootKernel,
    kInitrd,  // a compressed file or a cpio archive: goes with a kernel
};

struct GuestImage {
    GuestKind kind = GuestKind::kUnknown;
    // "1.44 MB floppy, FAT12, boot sector 'FREEDOS'"; for unknown files what was looked for.
    std::string description;
    u64 memory = 0;         // RAM that fits
    char boot_letter = 0;   // of the boot order, for what goes into a drive
    bool bootable = false;  // has something that a BIOS would start
    u64 padded_size = 0;    // of the floppy that a boot sector goes on; 0: as it is
};

// What there is to see of a file.
struct ImageSample {
    u64 size = 0;
    std::span<const u8> head;  // its first kImageHead bytes, or all
};
inline constexpr std::size_t kImageHead = 64u << 10;

GuestImage recognise(const ImageSample& sample);

// The same for a file of the host, and disk images in a format of their own. Throws Error where it
// cannot be read or is empty.
GuestImage recognise(const std::filesystem::path& file);

}  // namespace seventeen::machine
