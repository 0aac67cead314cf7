// ScratchMedium: a disk in memory that keeps what was written and watches where its drive goes.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "core/block_medium.h"
#include "core/check.h"

namespace seventeen::fuzz {

// The sectors written so far; others hold their own number.
using ScratchSectors = std::map<u64, std::array<u8, BlockMedium::kSectorSize>>;

class ScratchMedium final : public BlockMedium {
  public:
    ScratchMedium(u64 sectors, bool writable, std::shared_ptr<ScratchSectors> written)
        : sectors_(sectors), writable_(writable), written_(std::move(written)) {}

    u64 sectors() const override { return sectors_; }
    void read(u64 sector, std::span<u8> into) override {
        check_range(sector, into.size());
        for (; !into.empty(); into = into.subspan(kSectorSize), ++sector) {
            const auto found = written_->find(sector);
            for (std::size_t i = 0; i < kSectorSize; ++i)
                into[i] = found != written_->end() ? found->second[i]
                                                   : static_cast<u8>(sector >> i % 8 * 8);
        }
    }
    void write(u64 sector, std::span<const u8> from) override {
        check_range(sector, from.size());
        check(writable_, "a drive writes to a medium that is write-protected");
        for (; !from.empty(); from = from.subspan(kSectorSize), ++sector)
            std::copy_n(from.begin(), kSectorSize, (*written_)[sector].begin());
    }
    void flush() override {}
    bool writable() const override { return writable_; }

  private:
    void check_range(u64 sector, std::size_t size) const {
        check(size % kSectorSize == 0 && sector <= sectors_ &&
                  size / kSectorSize <= sectors_ - sector,
              "a drive leaves its medium");
    }

    u64 sectors_;
    bool writable_;
    std::shared_ptr<ScratchSectors> written_;
};

}  // namespace seventeen::fuzz
