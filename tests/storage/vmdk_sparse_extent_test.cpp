// VmdkSparseExtent: grains of every kind, and headers that lie.
#include "storage/vmdk_sparse_extent.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

VmdkSparseExtent open(const ImageBytes& image, Backing backing = {}) {
    auto file = std::make_unique<MemoryImage>(image.bytes);
    const VmdkSparseHeader header = read_vmdk_sparse_header(*file);
    return VmdkSparseExtent(std::move(file), header, std::move(backing));
}

std::vector<u8> grain(const ImageBytes& image, u64 number) {
    VmdkSparseExtent extent = open(image);
    return contents(extent, number * 4096, 4096);
}

void refused(const ImageBytes& image, const std::string& why) {
    CHECK_THROWS_WITH(grain(image, 2), Catch::Contains(why));
}

// Stream-optimized: the grain 2 is compressed, a header and the end-of-stream marker come last.
ImageBytes streamed() {
    auto image = small_vmdk().little32(4, 3).little32(8, 0x3'0001).little16(77, 1);
    const auto packed = deflated(std::vector<u8>(4096, 0x44), 15);
    image.fill(2048, 4096, 0).little64(2048, 16).little32(2056, static_cast<u32>(packed.size()));
    image.copy(2060, packed);
    const std::vector<u8> header(image.bytes.begin(), image.bytes.begin() + 512);
    const std::size_t footer = image.bytes.size();
    image.bytes.resize(footer + 1024);
    return image.copy(footer, header).little64(56, ~u64{0});
}

}  // namespace

TEST_CASE("grains are there, missing or zero") {
    const auto backing = std::make_shared<MemoryImage>(std::vector<u8>(40'000, 0x55));
    CHECK(grain(small_vmdk(), 2) == std::vector<u8>(4096, 0x44));
    CHECK(grain(small_vmdk(), 0) == std::vector<u8>(4096, 0));
    CHECK(grain(small_vmdk().little32(1024, 0), 2) == std::vector<u8>(4096, 0));
    VmdkSparseExtent child =
        open(small_vmdk().little32(8, 5).little32(kVmdkTable, 1), {backing, 0});
    CHECK(contents(child, 0, 4096) == std::vector<u8>(4096, 0));
    CHECK(contents(child, 4096, 4096) == std::vector<u8>(4096, 0x55));
    CHECK(contents(child, 8192, 4096) == std::vector<u8>(4096, 0x44));
}

TEST_CASE("stream-optimized extents have compressed grains and a footer") {
    CHECK(grain(streamed(), 2) == std::vector<u8>(4096, 0x44));
    CHECK(grain(streamed(), 1) == std::vector<u8>(4096, 0));
    refused(streamed().fill(2060, 2, 0xff), "compressed grain at 0x800 cannot be decompressed");
    refused(streamed().little32(2056, ~0u), "compressed grain at 0x800 is too long");
    auto cut = streamed();
    cut.bytes.resize(cut.bytes.size() - 512);
    refused(cut, "no VMDK header at");
    auto unmarked = streamed().little32(6144 + 8, 0x1'0001);
    unmarked.copy(2048, deflated(std::vector<u8>(4096, 0x44), 15));
    CHECK(grain(unmarked, 2) == std::vector<u8>(4096, 0x44));
}

TEST_CASE("lying headers and tables are refused") {
    refused(small_vmdk().little32(4, 4), "VMDK of version 4");
    refused(small_vmdk().text(73, "\n \n\n"), "transferred as text");
    refused(small_vmdk().little32(8, 0x1'0001).little16(77, 2), "its compression is 2");
    refused(small_vmdk().little64(12, ~u64{0}), "its capacity is 18446744073709551615 sectors");
    refused(small_vmdk().little64(20, 0), "grains are of 0 bytes");
    refused(small_vmdk().little64(20, 9), "grains are of 4608 bytes");
    refused(small_vmdk().little64(20, 1 << 20), "grains are of 536870912 bytes");
    refused(small_vmdk().little32(44, 0), "grain tables have 0 entries");
    refused(small_vmdk().little32(44, 513), "grain tables have 513 entries");
    refused(small_vmdk().little64(56, 1000), "grain directory at 0x7d000 does not lie");
    refused(small_vmdk().little64(12, 1 << 20), "grain directory at 0x400 does not lie");
    refused(small_vmdk().little64(36, 1 << 20), "its descriptor, 536870912 bytes");
    refused(small_vmdk().little64(28, 1000), "its descriptor, 512 bytes at 0x7d000");
    refused(small_vmdk().little32(1024, 1000), "grain table at 0x7d000 does not lie");
    refused(small_vmdk().little32(kVmdkTable + 8, 1000), "grain at 0x7d000 does not lie");
}

}  // namespace seventeen::storage
