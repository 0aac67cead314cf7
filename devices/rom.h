// Rom: a read-only memory chip that answers on a bus, such as a card's expansion ROM.
#pragma once

#include <span>

#include "core/device.h"

namespace seventeen::devices {

class Rom final : public Device {
  public:
    // The caller keeps the bytes alive.
    explicit Rom(std::span<const u8> bytes) : bytes_(bytes) {}

    std::string_view name() const override { return "rom"; }
    u64 read(unsigned, u64 offset, Width width) override {
        u64 value = 0;
        for (unsigned i = 0; i < width; ++i) {
            const u64 byte = offset + i < bytes_.size() ? bytes_[offset + i] : 0xff;
            value |= byte << 8 * i;
        }
        return value;
    }
    void write(unsigned, u64, u64, Width) override {}

  private:
    std::span<const u8> bytes_;
};

}  // namespace seventeen::devices
