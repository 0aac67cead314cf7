// Writes headers and tables of small images as the formats' specifications lay them out.
#include "tests/storage/image_bytes.h"

#include <zlib.h>

#include <algorithm>

namespace seventeen::storage {

ImageBytes& ImageBytes::number(std::size_t at, u64 value, std::size_t width, bool is_big) {
    for (std::size_t i = 0; i < width; ++i)
        bytes.at(at + (is_big ? width - 1 - i : i)) = static_cast<u8>(value >> 8 * i);
    return *this;
}

ImageBytes& ImageBytes::text(std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) bytes.at(at + i) = static_cast<u8>(text[i]);
    return *this;
}

ImageBytes& ImageBytes::copy(std::size_t at, std::span<const u8> from) {
    for (std::size_t i = 0; i < from.size(); ++i) bytes.at(at + i) = from[i];
    return *this;
}

ImageBytes& ImageBytes::fill(std::size_t at, std::size_t count, u8 value) {
    for (std::size_t i = 0; i < count; ++i) bytes.at(at + i) = value;
    return *this;
}

ImageBytes& ImageBytes::vhd_checksum(std::size_t start, std::size_t size, std::size_t at) {
    big32(start + at, 0);
    u32 sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += bytes.at(start + i);
    return big32(start + at, ~sum);
}

ImageBytes small_qcow2() {
    ImageBytes image(2560);
    image.text(0, "QFI\xfb").big32(4, 3).big32(20, 9).big64(24, 4096);  // clusters, size
    image.big32(36, 1).big64(40, 512);                                  // first-level table
    image.big32(96, 4).big32(100, 104);                                 // header length
    image.big64(512, 1024);
    image.big64(kQcow2Table, 1536).big64(kQcow2Table + 8, 1).big64(kQcow2Table + 16, 2048);
    return image.fill(1536, 512, 0x11).fill(2048, 512, 0x22);
}

ImageBytes small_vhd() {
    constexpr std::size_t kFooter = 2048 + 512 + 4096;
    ImageBytes image(kFooter + 512);
    image.text(0, "conectix").big32(8, 2).big32(12, 0x1'0000).big64(16, 512);
    image.big64(40, 12288).big64(48, 12288).big32(60, 3).text(68, "identity of disk");
    image.text(512, "cxsparse").big64(512 + 8, ~u64{0}).big64(512 + 16, 1536);
    image.big32(512 + 24, 0x1'0000).big32(512 + 28, 3).big32(512 + 32, 4096);
    image.big32(1536, ~0u).big32(1540, 4).big32(1544, ~0u);
    image.fill(2048, 1, 0xff).fill(2560, 4096, 0x33);
    image.copy(kFooter, std::vector<u8>(image.bytes.begin(), image.bytes.begin() + 512));
    seal_vhd(image);
    return image;
}

void seal_vhd(ImageBytes& image) {
    image.vhd_checksum(0, 512, 64).vhd_checksum(512, 1024, 36);
    image.vhd_checksum(image.bytes.size() - 512, 512, 64);
}

ImageBytes small_vmdk() {
    ImageBytes image(2048 + 4096);
    image.text(0, "KDMV").little32(4, 1).little32(8, 1).little64(12, 32).little64(20, 8);
    image.little64(28, 1).little64(36, 1).little32(44, 4).little64(56, 2).little64(64, 4);
    image.text(73, "\n \r\n");
    image.text(kVmdkDescriptor,
               "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
               "createType=\"monolithicSparse\"\nRW 32 SPARSE \"any.vmdk\"\n");
    image.little32(1024, 3).little32(kVmdkTable + 8, 4);
    return image.fill(2048, 4096, 0x44);
}

std::vector<u8> deflated(std::span<const u8> bytes, int window_bits) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
    std::vector<u8> packed(deflateBound(&stream, bytes.size()));
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::vector<u8> contents(Image& image, u64 offset, std::size_t size) {
    std::vector<u8> bytes(size, 0xcc);
    image.read(offset, bytes);
    return bytes;
}

}  // namespace seventeen::storage
