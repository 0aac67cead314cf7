// ImageBytes: builds small images by hand, number by number.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "storage/image.h"

namespace seventeen::storage {

class ImageBytes {
  public:
    explicit ImageBytes(std::size_t size) : bytes(size) {}

    ImageBytes& big32(std::size_t at, u32 value) { return number(at, value, 4, true); }
    ImageBytes& big64(std::size_t at, u64 value) { return number(at, value, 8, true); }
    ImageBytes& little16(std::size_t at, u32 value) { return number(at, value, 2, false); }
    ImageBytes& little32(std::size_t at, u32 value) { return number(at, value, 4, false); }
    ImageBytes& little64(std::size_t at, u64 value) { return number(at, value, 8, false); }
    ImageBytes& text(std::size_t at, std::string_view text);
    ImageBytes& copy(std::size_t at, std::span<const u8> from);
    ImageBytes& fill(std::size_t at, std::size_t count, u8 value);
    // VHD's: the ones' complement of the sum of the bytes, but for its own four.
    ImageBytes& vhd_checksum(std::size_t start, std::size_t size, std::size_t at);

    std::vector<u8> bytes;

  private:
    ImageBytes& number(std::size_t at, u64 value, std::size_t width, bool is_big);
};

// A qcow2 image of version 3 with clusters of 512 bytes, disk of 8 clusters:
// 0 header, 512 first-level table, 1024 second-level table, 1536 and 2048 data.
// Disk cluster 0 is at 1536 (bytes 0x11), 1 reads as zeros, 2 is at 2048 (0x22), others are
// missing.
ImageBytes small_qcow2();
inline constexpr std::size_t kQcow2Table = 1024;

// A dynamic VHD with blocks of 4096 bytes, disk of 3 blocks:
// 0 footer, 512 header, 1536 table, 2048 block 1 (bitmap, then bytes 0x33), 6656 footer.
ImageBytes small_vhd();
void seal_vhd(ImageBytes& image);  // sets the checksums of footers and header

// A sparse VMDK with grains of 4096 bytes, disk of 4 grains, 4 entries in its one table:
// 0 header, 512 descriptor, 1024 directory, 1536 table, 2048 the grain 2 (bytes 0x44).
ImageBytes small_vmdk();
inline constexpr std::size_t kVmdkDescriptor = 512;
inline constexpr std::size_t kVmdkTable = 1536;

std::vector<u8> deflated(std::span<const u8> bytes, int window_bits);

// What an image holds from `offset` on.
std::vector<u8> contents(Image& image, u64 offset, std::size_t size);

}  // namespace seventeen::storage
