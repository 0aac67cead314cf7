// VmdkDescriptor: the text that says what a VMDK disk consists of.
//
// References are to "Virtual Disk Format 5.0", VMware, 2011.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/image.h"

namespace seventeen::storage {

enum class VmdkExtentType : u8 { kFlat, kSparse, kZero };

struct VmdkExtentLine {
    VmdkExtentType type = VmdkExtentType::kFlat;
    u64 sectors = 0;
    std::string file;
    u64 first_sector = 0;  // of a flat extent, in its file
};

struct VmdkDescriptor {
    std::string content_id;
    std::string parent_content_id;  // empty: no parent
    std::string parent_name;
    std::vector<VmdkExtentLine> extents;
    u64 sectors() const;
};

// `file` is where the text came from, for messages. Throws Error where it is damaged or wants what
// is not supported.
VmdkDescriptor parse_vmdk_descriptor(const Image& file, std::string_view text);

}  // namespace seventeen::storage
