// ClusteredImage: reads are cut at clusters; what is missing comes from the backing.
#include "storage/clustered_image.h"

#include <catch2/catch.hpp>

#include "tests/storage/image_bytes.h"
#include "tests/storage/memory_image.h"

namespace seventeen::storage {

namespace {

// Odd clusters are missing, even ones hold their number.
class StripedImage final : public ClusteredImage {
  public:
    explicit StripedImage(Backing backing) : ClusteredImage("stripes", 10, 3, std::move(backing)) {}

  private:
    void read_cluster(u64 offset, std::span<u8> into) override {
        const u64 cluster = offset / 3;
        REQUIRE((offset + into.size() - 1) / 3 == cluster);
        if (cluster % 2 == 1) return read_backing(offset, into);
        std::fill(into.begin(), into.end(), static_cast<u8>(cluster));
    }
};

}  // namespace

TEST_CASE("missing clusters show the backing, or zeros") {
    StripedImage alone({});
    CHECK(contents(alone, 1, 10) == std::vector<u8>{0, 0, 0, 0, 0, 2, 2, 2, 0, 0});
    auto backing = std::make_shared<MemoryImage>(std::vector<u8>{1, 2, 3, 4, 5, 6});
    StripedImage backed({backing, 1});
    CHECK(contents(backed, 2, 5) == std::vector<u8>{0, 5, 6, 0, 2});  // it ends before the disk
}

TEST_CASE("a slice is a part of an image") {
    SliceImage slice(std::make_shared<MemoryImage>(std::vector<u8>{1, 2, 3, 4}), 1, 2);
    CHECK(slice.size() == 2);
    CHECK(contents(slice, 0, 3) == std::vector<u8>{2, 3, 0});
}

}  // namespace seventeen::storage
