// Decompress: each compression, its end, and data that are no such thing.
#include "storage/decompress.h"

#include <zstd.h>

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

namespace {

std::vector<u8> sample() {
    std::vector<u8> bytes(4096);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<u8>(i * i >> 5);
    return bytes;
}

std::vector<u8> packed(Compression compression, const std::vector<u8>& bytes) {
    if (compression == Compression::kDeflate) return deflated(bytes, -12);
    if (compression == Compression::kZlib) return deflated(bytes, 15);
    std::vector<u8> result(ZSTD_compressBound(bytes.size()));
    result.resize(ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), 3));
    return result;
}

}  // namespace

TEST_CASE("a cluster is decompressed, whatever follows its data") {
    const auto compression =
        GENERATE(Compression::kDeflate, Compression::kZlib, Compression::kZstd);
    std::vector<u8> from = packed(compression, sample());
    std::vector<u8> into(4096);
    CHECK(decompress(compression, from, into) == 4096);
    CHECK(into == sample());
    from.resize(from.size() + 300, 0x5a);
    CHECK(decompress(compression, from, into) == 4096);
    std::vector<u8> more(5000);
    CHECK(decompress(compression, from, more) == 4096);
}

TEST_CASE("what does not fit, is cut short or is no such data is refused") {
    const auto compression =
        GENERATE(Compression::kDeflate, Compression::kZlib, Compression::kZstd);
    const std::vector<u8> from = packed(compression, sample());
    std::vector<u8> into(4096);
    CHECK(decompress(compression, std::span(from).first(from.size() / 2), into) == 0);
    CHECK(decompress(compression, {}, into) == 0);
    CHECK(decompress(compression, std::vector<u8>(100, 0xff), into) == 0);
    if (compression == Compression::kZstd)
        CHECK(decompress(compression, from, std::span(into).first(100)) == 0);
}

}  // namespace seventeen::storage
