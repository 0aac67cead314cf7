// ShadowPort: c0000h–fffffh where the host bridge sends reads and writes different ways.
#pragma once

#include <algorithm>
#include <span>

#include "core/device.h"

namespace seventeen::machine {

// Stands behind those pages that neither RAM nor ROM alone can answer for: reads come from the
// firmware, writes go to the RAM below it, as firmware that copies itself expects (82441FX
// datasheet 3.2.17, "write only").
class ShadowPort final : public Device {
  public:
    // `ram` and `firmware` are the bytes that answer at c0000h and after; firmware may be shorter
    // and ends where the range ends.
    ShadowPort(std::span<u8> ram, std::span<const u8> firmware) : ram_(ram), rom_(firmware) {}

    // Writes reach RAM at this page only while this is set for it.
    void let_writes_through(u64 offset, u64 size, bool enabled) {
        for (u64 page = offset / kPageSize; page < (offset + size) / kPageSize; ++page)
            writable_[page] = enabled;
    }

    std::string_view name() const override { return "shadow memory"; }
    u64 read(unsigned, u64 offset, Width) override {
        const u64 start = ram_.size() - rom_.size();
        return offset >= start ? rom_[offset - start] : 0xff;
    }
    void write(unsigned, u64 offset, u64 value, Width) override {
        if (writable_[offset / kPageSize]) ram_[offset] = static_cast<u8>(value);
    }

  private:
    static constexpr u64 kPages = 64;

    std::span<u8> ram_;
    std::span<const u8> rom_;
    std::array<bool, kPages> writable_{};
};

}  // namespace seventeen::machine
