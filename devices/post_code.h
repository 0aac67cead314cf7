// PostCode: a byte-wide latch (ports 80h and 190h) whose writes show how far firmware came.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/device.h"

namespace seventeen::devices {

// Reads back what was written last, as the unused DMA page register at 80h does. Drivers write
// there to pass time, so a repeated code is kept once and only the latest codes are.
class PostCode final : public Device {
  public:
    static constexpr std::size_t kKept = 256;

    explicit PostCode(std::string name) : name_(std::move(name)) {}

    u8 last() const { return last_; }
    // Oldest first.
    std::vector<u8> history() const;

    std::string_view name() const override { return name_; }
    u64 read(unsigned, u64, Width) override { return last_; }
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    std::string name_;
    u8 last_ = 0;
    std::array<u8, kKept> codes_{};  // a ring
    u64 written_ = 0;                // codes ever put into it
};

}  // namespace seventeen::devices
