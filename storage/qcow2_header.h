// Qcow2Header: the head of a qcow2 image, versions 2 and 3, with all it says validated.
//
// References are to "qcow2 image file format", docs/interop/qcow2.txt of QEMU.
#pragma once

#include <optional>
#include <string>

#include "storage/decompress.h"
#include "storage/format.h"

namespace seventeen::storage {

struct Qcow2Header {
    u32 version = 0;
    u32 cluster_bits = 0;
    u64 size = 0;
    u64 l1_offset = 0;
    Compression compression = Compression::kDeflate;
    std::string backing_name;  // empty: none
    std::optional<Format> backing_format;
    bool dirty = false;    // reference counts may be wrong, which reading does not need
    bool corrupt = false;  // a program found it inconsistent
};

// Throws Error where the image is damaged or wants what is not supported.
Qcow2Header read_qcow2_header(Image& file);

}  // namespace seventeen::storage
