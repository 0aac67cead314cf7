// Hands compressed clusters to zlib and Zstandard; neither writes past the cluster it fills.
#include "storage/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <limits>

#include "core/check.h"
#include "core/error.h"

namespace seventeen::storage {

namespace {

std::size_t inflate_all(std::span<const u8> from, std::span<u8> into, int window_bits) {
    z_stream stream{};
    check(from.size() <= std::numeric_limits<uInt>::max() &&
              into.size() <= std::numeric_limits<uInt>::max(),
          "a cluster is too large for zlib");
    if (inflateInit2(&stream, window_bits) != Z_OK)
        throw Error("cannot read a compressed cluster: out of memory; end other programs");
    stream.next_in = const_cast<Bytef*>(from.data());  // zlib only reads there
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = into.data();
    stream.avail_out = static_cast<uInt>(into.size());
    const int result = inflate(&stream, Z_FINISH);
    const std::size_t written = into.size() - stream.avail_out;
    inflateEnd(&stream);
    // Some writers leave the end mark out: what counts is that the cluster is full.
    const bool full = stream.avail_out == 0 && (result == Z_BUF_ERROR || result == Z_OK);
    return result == Z_STREAM_END || full ? written : 0;
}

std::size_t zstd_all(std::span<const u8> from, std::span<u8> into) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(from.data(), from.size());
    if (ZSTD_isError(frame) != 0) return 0;
    const std::size_t written = ZSTD_decompress(into.data(), into.size(), from.data(), frame);
    return ZSTD_isError(written) != 0 ? 0 : written;
}

}  // namespace

std::size_t decompress(Compression compression, std::span<const u8> from, std::span<u8> into) {
    switch (compression) {
        case Compression::kDeflate: return inflate_all(from, into, -MAX_WBITS);
        case Compression::kZlib: return inflate_all(from, into, MAX_WBITS);
        case Compression::kZstd: return zstd_all(from, into);
    }
    check(false, "an unknown compression");
    return 0;
}

}  // namespace seventeen::storage
