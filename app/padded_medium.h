// PaddedMedium: a few sectors as the beginning of a larger disk, whose rest is kept in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/block_medium.h"

namespace seventeen::app {

// A floppy for a boot sector that is all there is of it.
class PaddedMedium final : public BlockMedium {
  public:
    PaddedMedium(std::unique_ptr<BlockMedium> front, u64 sectors)
        : front_(std::move(front)), rest_((sectors - front_->sectors()) * kSectorSize) {}

    u64 sectors() const override { return front_->sectors() + rest_.size() / kSectorSize; }
    void read(u64 sector, std::span<u8> into) override {
        const std::size_t in_front = part_in_front(sector, into.size());
        if (in_front != 0) front_->read(sector, into.first(in_front));
        const std::span<u8> tail = into.subspan(in_front);
        std::copy_n(rest_at(sector, in_front), tail.size(), tail.begin());
    }
    void write(u64 sector, std::span<const u8> from) override {
        const std::size_t in_front = part_in_front(sector, from.size());
        if (in_front != 0) front_->write(sector, from.first(in_front));
        std::ranges::copy(from.subspan(in_front), rest_at(sector, in_front));
    }
    void flush() override { front_->flush(); }
    bool writable() const override { return front_->writable(); }

  private:
    std::size_t part_in_front(u64 sector, std::size_t size) const {
        if (sector >= front_->sectors()) return 0;
        return std::min<u64>(size, (front_->sectors() - sector) * kSectorSize);
    }
    std::vector<u8>::iterator rest_at(u64 sector, std::size_t in_front) {
        const u64 first = std::max(sector + in_front / kSectorSize, front_->sectors());
        return rest_.begin() +
               static_cast<std::ptrdiff_t>((first - front_->sectors()) * kSectorSize);
    }

    std::unique_ptr<BlockMedium> front_;
    std::vector<u8> rest_;
};

}  // namespace seventeen::app
