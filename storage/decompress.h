// Decompress: one cluster at a time, into no more bytes than a cluster has.
#pragma once

#include <span>

#include "core/types.h"

namespace seventeen::storage {

enum class Compression : u8 {
    kDeflate,  // RFC 1951, without a header
    kZlib,     // RFC 1950
    kZstd,     // RFC 8878
};

// Returns how many bytes it wrote, none where `from` does not start with data compressed in this
// way or they are too many. What follows the compressed data in `from` is ignored.
std::size_t decompress(Compression compression, std::span<const u8> from, std::span<u8> into);

}  // namespace seventeen::storage
