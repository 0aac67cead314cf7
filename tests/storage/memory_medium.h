// MemoryMedium: sectors in memory, for tests.
#pragma once

#include <algorithm>
#include <vector>

#include "core/block_medium.h"

namespace seventeen::storage {

struct MemoryMedium final : BlockMedium {
    // Every sector holds bytes of its own.
    explicit MemoryMedium(u64 sectors) : bytes(sectors * kSectorSize) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<u8>(i / kSectorSize * 31 + i);
    }

    u64 sectors() const override { return bytes.size() / kSectorSize; }
    void read(u64 sector, std::span<u8> into) override {
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize);
        std::copy_n(at, into.size(), into.begin());
    }
    void write(u64 sector, std::span<const u8> from) override {
        std::copy(from.begin(), from.end(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize));
    }
    void flush() override {}
    bool writable() const override { return true; }

    std::vector<u8> bytes;
};

}  // namespace seventeen::storage
