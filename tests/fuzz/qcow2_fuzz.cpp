// Fuzzes the Qcow2 parser: bytes become an image, and its disk is read here and there.
#include "storage/qcow2_image.h"
#include "tests/storage/image_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const seventeen::u8* data, std::size_t size) {
    seventeen::storage::read_damaged_image(seventeen::storage::Qcow2Image::open, {data, size});
    return 0;
}
