// Fuzzes the VHD parser: bytes become an image with valid checksums, and its disk is read.
#include "storage/vhd_image.h"
#include "tests/storage/image_fuzz.h"

namespace seventeen::fuzz {
namespace {

// Damaged checksums end the reading at once; there is little to find behind them.
void seal(std::span<u8> structure, std::size_t at) {
    u32 sum = 0;
    for (std::size_t i = 0; i < structure.size(); ++i)
        if (i < at || i >= at + 4) sum += structure[i];
    for (std::size_t i = 0; i < 4; ++i) structure[at + i] = static_cast<u8>(~sum >> (24 - 8 * i));
}

}  // namespace
}  // namespace seventeen::fuzz

extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    constexpr std::size_t kFooter = 512;
    constexpr std::size_t kHeader = 1024;
    std::vector<seventeen::u8> bytes(data, data + size);
    const std::span image(bytes);
    if (size >= kFooter + kHeader) seventeen::fuzz::seal(image.subspan(kFooter, kHeader), 36);
    if (size >= kFooter) seventeen::fuzz::seal(image.last(kFooter), 64);
    if (size >= kFooter) seventeen::fuzz::seal(image.first(kFooter), 64);
    seventeen::storage::read_damaged_image(seventeen::storage::VhdImage::open, bytes);
    return 0;
}
