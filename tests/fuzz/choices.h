// Choices: where a fuzzer's decisions come from: a seed, or the bytes that libFuzzer offers.
#pragma once

#include <array>
#include <random>
#include <span>

#include "core/types.h"

namespace seventeen::fuzz {

class Choices {
  public:
    virtual ~Choices() = default;
    // A number of so many random bytes, 1 to 8.
    virtual u64 bytes(unsigned count) = 0;

    u32 below(u32 bound) {
        const unsigned count = bound <= 0x100 ? 1 : bound <= 0x1'0000 ? 2 : 4;
        return static_cast<u32>(bytes(count) % bound);
    }
    bool one_in(u32 n) { return below(n) == 0; }
    u8 byte() { return static_cast<u8>(bytes(1)); }
    u16 word() { return static_cast<u16>(bytes(2)); }
    u32 dword() { return static_cast<u32>(bytes(4)); }
    template <typename List>
    auto among(const List& list) {
        return list[below(static_cast<u32>(std::size(list)))];
    }
    template <typename T, std::size_t N>
    T among(const T (&list)[N]) {
        return list[below(N)];
    }
    void fill(std::span<u8> into) {
        for (u8& each : into) each = byte();
    }
    // What registers treat in ways of their own: nothing, everything, one bit, a little, anything.
    u64 value(unsigned width) {
        const u64 all = width == 8 ? ~u64{0} : (u64{1} << 8 * width) - 1;
        switch (below(8)) {
            case 0: return 0;
            case 1: return all;
            case 2: return u64{1} << below(8 * width);
            case 3: return all ^ u64 { 1 } << below(8 * width);
            case 4:
            case 5: return below(0x10);
            default: return bytes(width);
        }
    }
};

class SeededChoices final : public Choices {
  public:
    explicit SeededChoices(u64 seed) : generator_(seed) {}
    u64 bytes(unsigned count) override { return generator_() >> (64 - 8 * count); }

  private:
    std::mt19937_64 generator_;
};

// Bytes that are used up read as zero.
class ByteChoices final : public Choices {
  public:
    explicit ByteChoices(std::span<const u8> input) : left_(input) {}
    bool exhausted() const { return left_.empty(); }
    u64 bytes(unsigned count) override {
        u64 value = 0;
        for (; count != 0; --count) {
            value <<= 8;
            if (left_.empty()) continue;
            value |= left_.front();
            left_ = left_.subspan(1);
        }
        return value;
    }

  private:
    std::span<const u8> left_;
};

}  // namespace seventeen::fuzz
