// Image fuzz: opens arbitrary bytes as an image and reads its disk; anything but an Error is a bug.
#pragma once

#include <functional>

#include "tests/storage/memory_image.h"

namespace seventeen::storage {

using OpenFormat = std::function<std::unique_ptr<Image>(std::unique_ptr<Image>, Companions&)>;

// Whatever the image names is there: the bytes themselves as an extent, a disk as a backing.
class FuzzCompanions final : public Companions {
  public:
    FuzzCompanions(std::span<const u8> bytes, unsigned depth, const OpenFormat& open)
        : bytes_(bytes), depth_(depth), open_(open) {}

    std::unique_ptr<Image> backing(const std::string&, std::optional<Format> format) override {
        auto file = extent("");
        if (depth_ == 0 || format == Format::kRaw) return file;
        FuzzCompanions next(bytes_, depth_ - 1, open_);
        return open_(std::move(file), next);
    }
    std::unique_ptr<Image> extent(const std::string&) override {
        return std::make_unique<MemoryImage>(std::vector<u8>(bytes_.begin(), bytes_.end()));
    }
    void note(const std::string&) override {}

  private:
    std::span<const u8> bytes_;
    unsigned depth_;
    const OpenFormat& open_;
};

inline void read_damaged_image(const OpenFormat& open, std::span<const u8> bytes) {
    constexpr unsigned kPlaces = 16;
    constexpr std::size_t kPiece = 5000;
    std::unique_ptr<Image> disk;
    try {
        FuzzCompanions companions(bytes, 2, open);
        disk = open(companions.extent(""), companions);
    } catch (const Error&) {
        return;
    }
    std::vector<u8> piece(kPiece);
    for (unsigned i = 0; i <= 2 * kPlaces; ++i) {
        // From the start, where small disks end, then over the whole disk and past its end.
        const u64 at = i < kPlaces ? i * kPiece : disk->size() / kPlaces * (i - kPlaces);
        try {
            disk->read(at, piece);
        } catch (const Error&) {
        }
    }
}

}  // namespace seventeen::storage
