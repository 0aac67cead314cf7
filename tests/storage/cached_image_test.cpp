// CachedImage: the same bytes, read in blocks and only once.
#include "storage/cached_image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"

namespace seventeen::storage {

namespace {

class CountedImage final : public Image {
  public:
    CountedImage() : Image("counted") {}
    u64 size() const override { return 10'000; }
    unsigned reads = 0;

  private:
    void read_inside(u64 offset, std::span<u8> into) override {
        ++reads;
        for (u8& byte : into) byte = static_cast<u8>(offset++ / 7);
    }
};

}  // namespace

TEST_CASE("a block is read once, whatever is wanted of it") {
    CountedImage image;
    CountedImage plain;
    CachedImage cached(image);
    CHECK(cached.size() == 10'000);
    CHECK(contents(cached, 4000, 200) == contents(plain, 4000, 200));  // across two blocks
    CHECK(image.reads == 2);
    CHECK(contents(cached, 0, 8192) == contents(plain, 0, 8192));
    CHECK(image.reads == 2);
    CHECK(contents(cached, 9990, 20) == contents(plain, 9990, 20));  // past the end
    CHECK(image.reads == 3);
}

}  // namespace seventeen::storage
