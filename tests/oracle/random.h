// Random: a small reproducible generator (splitmix64) with a taste for special values.
#pragma once

#include <array>
#include <span>

#include "core/types.h"

namespace seventeen::oracle {

class Random {
  public:
    explicit Random(u64 seed) : state_(seed) {}

    u64 next() {
        u64 z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    u32 next32() { return static_cast<u32>(next() >> 32); }
    u8 byte() { return static_cast<u8>(next() >> 56); }
    // Uniform in [0, bound).
    u32 below(u32 bound) { return static_cast<u32>((u64{next32()} * bound) >> 32); }
    bool chance(unsigned percent) { return below(100) < percent; }
    template <typename Container>
    const auto& pick(const Container& from) {
        return from[below(static_cast<u32>(from.size()))];
    }

    // Numbers at the edges of what arithmetic can do, mixed with uniform ones.
    u32 integer32();
    u64 integer64();
    u32 float32();
    u64 float64();
    struct Extended {
        u64 significand;
        u16 sign_exponent;
    };
    // Any 80-bit pattern: the unsupported ones too.
    Extended extended();
    std::array<u8, 10> packed_decimal();
    // 16 bytes: integers, floats or doubles.
    std::array<u64, 2> vector();

  private:
    u64 state_;
};

}  // namespace seventeen::oracle
