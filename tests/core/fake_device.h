// FakeDevice: a chip that notes every access and answers with the bytes of a counter.
#pragma once

#include <string>
#include <vector>

#include "core/device.h"

namespace seventeen {

struct Access {
    char kind;  // 'r' or 'w'
    unsigned region;
    u64 offset;
    Width width;
    u64 value;  // written; 0 for reads
    bool operator==(const Access&) const = default;
};

// Byte n of the chip reads as 0x10 + n, with rubbish above the width that was asked for.
class FakeDevice final : public Device {
  public:
    explicit FakeDevice(std::string name) : name_(std::move(name)) {}
    std::string_view name() const override { return name_; }
    u64 read(unsigned region, u64 offset, Width width) override {
        accesses.push_back({'r', region, offset, width, 0});
        u64 value = ~u64{0};
        for (Width i = width; i-- > 0;) value = value << 8 | static_cast<u8>(0x10 + offset + i);
        return value;
    }
    void write(unsigned region, u64 offset, u64 value, Width width) override {
        accesses.push_back({'w', region, offset, width, value});
    }

    std::vector<Access> accesses;

  private:
    std::string name_;
};

}  // namespace seventeen
