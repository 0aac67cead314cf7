// Qcow2Header: what is read, what is refused and in which words.
#include "storage/qcow2_header.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

Qcow2Header header_of(const ImageBytes& image) {
    MemoryImage file(image.bytes);
    return read_qcow2_header(file);
}

void refused(const ImageBytes& image, const std::string& why) {
    CHECK_THROWS_WITH(header_of(image), Catch::Contains(why));
}

}  // namespace

TEST_CASE("a plain header is read") {
    const Qcow2Header header = header_of(small_qcow2());
    CHECK(header.version == 3);
    CHECK(header.cluster_bits == 9);
    CHECK(header.size == 4096);
    CHECK(header.l1_offset == 512);
    CHECK(header.compression == Compression::kDeflate);
    CHECK(header.backing_name.empty());
    CHECK_FALSE(header.dirty);
    CHECK(header_of(small_qcow2().big32(4, 2)).version == 2);
}

TEST_CASE("a backing file and its format are read") {
    auto image = small_qcow2();
    image.big32(104, 0xe279'2aca).big32(108, 3).text(112, "raw");  // extension: backing format
    image.big64(8, 128).big32(16, 8).text(128, "base.img");
    CHECK(header_of(image).backing_name == "base.img");
    CHECK(header_of(image).backing_format == Format::kRaw);
    refused(image.text(112, "nbd"), "unknown format 'nbd'");
    refused(image.big32(108, 200), "header extension at 0x68 is too long");
    refused(small_qcow2().big64(8, 500).big32(16, 100), "100 bytes at 0x1f4, does not lie");
    refused(small_qcow2().big64(8, 128).big32(16, 2000), "the name of its backing file");
    refused(small_qcow2().big64(8, 128).big32(16, 0), "the name of its backing file");
    refused(small_qcow2().big64(8, 16).big32(16, 8), "the name of its backing file");
}

TEST_CASE("features that are not understood are refused by name") {
    CHECK(header_of(small_qcow2().big64(72, 1)).dirty);
    CHECK(header_of(small_qcow2().big64(72, 2)).corrupt);
    refused(small_qcow2().big64(72, 4), "the feature 'external data file' (bit 2)");
    refused(small_qcow2().big64(72, 16), "the feature 'extended L2 entries' (bit 4)");
    refused(small_qcow2().big64(72, 1u << 9), "the feature 'unknown' (bit 9)");
    auto named = small_qcow2().big64(72, 1u << 9);
    named.big32(104, 0x6803'f857).big32(108, 48).text(113, "\x09strange\x1bthing");
    refused(named, "the feature 'strange?thing' (bit 9)");
}

TEST_CASE("the compression's type and its bit agree") {
    const auto with = [](u64 bits, std::string_view type) {
        return small_qcow2().big64(72, bits).big32(100, 112).text(104, type);
    };
    CHECK(header_of(with(8, "\x01")).compression == Compression::kZstd);
    refused(with(8, "\x02"), "compression type is 2");
    refused(with(0, "\x01"), "contradict each other");
    refused(small_qcow2().big64(72, 8), "contradict each other");
}

TEST_CASE("lying headers are refused") {
    MemoryImage tiny({'Q', 'F', 'I', 0xfb});
    CHECK_THROWS_WITH(read_qcow2_header(tiny), Catch::Contains("4 bytes long"));
    refused(small_qcow2().text(0, "QFJ"), "it is no qcow2 image");
    refused(small_qcow2().big32(4, 1), "qcow of version 1");
    refused(small_qcow2().big32(20, 8), "cluster size is 2^8");
    refused(small_qcow2().big32(20, 22), "cluster size is 2^22");
    refused(small_qcow2().big64(24, ~u64{0}), "more than a disk can have");
    refused(small_qcow2().big32(32, 2), "it is encrypted");
    refused(small_qcow2().big64(24, 1 << 20), "has 1 entries, 32 are needed");
    refused(small_qcow2().big32(36, ~0u), "has 4294967295 entries");
    refused(small_qcow2().big32(36, 1000), "does not lie within the file");
    refused(small_qcow2().big64(40, ~u64{511}), "does not lie within the file");
    refused(small_qcow2().big64(40, 513), "does not lie within the file");
    refused(small_qcow2().big32(100, 103), "header length is 103");
    refused(small_qcow2().big32(100, 4096), "header length is 4096");
    refused(small_qcow2().big32(96, 7), "2^7 bits wide");
}

}  // namespace seventeen::storage
