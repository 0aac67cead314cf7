// VhdHeader: the footer of a VHD image and its dynamic disk header, validated.
//
// References are to "Virtual Hard Disk Image Format Specification", Microsoft, 2006.
#pragma once

#include <optional>
#include <string>

#include "storage/image.h"

namespace seventeen::storage {

enum class VhdType : u8 { kFixed = 2, kDynamic = 3, kDifferencing = 4 };

struct VhdHeader {
    VhdType type = VhdType::kFixed;
    u64 size = 0;
    std::string identity;  // its unique id, in hex
    // Where the type is not kFixed:
    u64 table_offset = 0;
    u64 block_size = 0;
    // Where it is kDifferencing:
    std::string parent_name;
    std::string parent_identity;
};

// Does the last sector of a file make it a fixed VHD? (Other types have a mark at the start too.)
bool has_fixed_vhd_footer(Image& file);
// Throws Error where the image is damaged or wants what is not supported.
VhdHeader read_vhd_header(Image& file);

}  // namespace seventeen::storage
