// The special values: where carries, signs, exponents and number classes change.
#include "tests/oracle/random.h"

#include <bit>
#include <cstring>

namespace seventeen::oracle {

namespace {

constexpr std::array<u32, 26> kIntegers = {
    0,          1,          2,       3,          0xffffffff, 0xfffffffe, 0x7fffffff,
    0x80000000, 0x80000001, 0x7f,    0x80,       0xff,       0x100,      0x7fff,
    0x8000,     0xffff,     0x10000, 0x55555555, 0xaaaaaaaa, 0x01010101, 0x80808080,
    0x7f7f7f7f, 0x99,       0x0909,  0x9a9a,     0xffff0000};

constexpr std::array<u32, 22> kFloats = {
    0,           // 0
    0x3f800000,  // 1
    0x40000000,  // 2
    0x3f000000,  // 0.5
    0x3fc00000,  // 1.5
    0x40200000,  // 2.5
    0x00000001,  // least denormal
    0x007fffff,  // greatest denormal
    0x00400000,  //
    0x00800000,  // least normal
    0x7f7fffff,  // greatest normal
    0x7f800000,  // infinity
    0x7fc00000,  // quiet NaN
    0x7fc12345,  //
    0x7f800001,  // signalling NaN
    0x7fa54321,  //
    0x4effffff,  // just under 2^31
    0x4f000000,  // 2^31
    0x4f800000,  // 2^32
    0x5f000000,  // 2^63
    0x3f7fffff,  // just under 1
    0x33800000,  // 2^-24
};

constexpr std::array<u64, 24> kDoubles = {
    0,
    0x3ff0000000000000,  // 1
    0x4000000000000000,  // 2
    0x3fe0000000000000,  // 0.5
    0x3ff8000000000000,  // 1.5
    0x4004000000000000,  // 2.5
    0x0000000000000001,  // least denormal
    0x000fffffffffffff,  // greatest denormal
    0x0008000000000000,  //
    0x0010000000000000,  // least normal
    0x7fefffffffffffff,  // greatest normal
    0x7ff0000000000000,  // infinity
    0x7ff8000000000000,  // quiet NaN
    0x7ff8123456789abc,  //
    0x7ff0000000000001,  // signalling NaN
    0x7ff4fedcba987654,  //
    0x41dfffffffc00000,  // 2^31 - 1
    0x41e0000000000000,  // 2^31
    0x43e0000000000000,  // 2^63
    0x47efffffe0000000,  // greatest float
    0x36a0000000000000,  // least float denormal
    0x380fffffc0000000,  // greatest float denormal
    0x3810000000000000,  // least normal float
    0x3ca0000000000000,  // 2^-53
};

constexpr u16 kExtendedBias = 0x3fff;

}  // namespace

u32 Random::integer32() {
    switch (below(6)) {
        case 0: return pick(kIntegers);
        case 1: return 1u << below(32);
        case 2: return (1u << below(32)) - 1;
        case 3: return below(66);
        case 4: return 0u - below(66);
        default: return next32();
    }
}

u64 Random::integer64() {
    switch (below(4)) {
        case 0: return static_cast<u64>(static_cast<s64>(static_cast<s32>(integer32())));
        case 1: return (u64{1} << below(64)) - below(2);
        case 2: return u64{integer32()} << 32 | integer32();
        default: return next();
    }
}

u32 Random::float32() {
    const u32 sign = next32() & 0x80000000;
    switch (below(4)) {
        case 0: return sign | pick(kFloats);
        case 1: return sign | (0x3f800000 + (below(60) << 23) - (30u << 23)) | (next32() >> 9);
        case 2: {  // a small whole number
            const float whole = static_cast<float>(static_cast<s32>(below(2000)) - 1000);
            u32 bits;
            std::memcpy(&bits, &whole, sizeof bits);
            return bits;
        }
        default: return next32();
    }
}

u64 Random::float64() {
    const u64 sign = next() & 0x8000000000000000;
    switch (below(4)) {
        case 0: return sign | pick(kDoubles);
        case 1: return sign | (u64{0x3ff - 70 + below(140)} << 52) | (next() >> 12);
        case 2: {
            const double whole = static_cast<s32>(below(2000000)) - 1000000;
            u64 bits;
            std::memcpy(&bits, &whole, sizeof bits);
            return bits;
        }
        default: return next();
    }
}

Random::Extended Random::extended() {
    constexpr u64 kIntegerBit = u64{1} << 63;
    const u16 sign = chance(50) ? 0x8000 : 0;
    const u64 fraction = chance(30) ? (chance(50) ? 0 : next() << below(64)) : next();
    const auto exponent = [&](unsigned value) { return static_cast<u16>(sign | value); };
    switch (below(14)) {
        case 0: return {0, exponent(0)};                           // zero
        case 1: return {fraction & ~kIntegerBit, exponent(0)};     // denormal
        case 2: return {fraction | kIntegerBit, exponent(0)};      // pseudo-denormal
        case 3: return {kIntegerBit, exponent(0x7fff)};            // infinity
        case 4: return {fraction | 3ull << 62, exponent(0x7fff)};  // quiet NaN
        case 5:                                                    // signalling NaN
            return {kIntegerBit | (fraction >> 2) | 1, exponent(0x7fff)};
        case 6: return {fraction & ~kIntegerBit, exponent(0x7fff)};         // pseudo-NaN, -infinity
        case 7: return {fraction & ~kIntegerBit, exponent(below(0x7fff))};  // unnormal
        case 8: return {next(), static_cast<u16>(next())};
        case 9: return {fraction | kIntegerBit, exponent(below(0x7fff))};
        case 10:  // around the limits of integers
            return {fraction | kIntegerBit, exponent(kExtendedBias + below(70))};
        case 11: {  // a small whole number, exactly
            const u32 whole = 1 + below(1000);
            const unsigned shift = static_cast<unsigned>(std::countl_zero(u64{whole}));
            return {u64{whole} << shift, exponent(kExtendedBias + 63 - shift)};
        }
        case 12: return {kIntegerBit, exponent(kExtendedBias)};  // one
        default: return {fraction | kIntegerBit, exponent(kExtendedBias - 70 + below(140))};
    }
}

std::array<u8, 10> Random::packed_decimal() {
    std::array<u8, 10> bytes{};
    for (u8& pair : bytes) pair = static_cast<u8>(below(10) << 4 | below(10));
    bytes[9] = chance(50) ? 0x80 : 0;
    if (chance(20)) bytes[below(10)] = byte();  // not a decimal number
    return bytes;
}

std::array<u64, 2> Random::vector() {
    std::array<u64, 2> lanes{};
    const u32 kind = below(4);
    for (u64& lane : lanes) {
        switch (kind) {
            case 0: lane = u64{float32()} << 32 | float32(); break;
            case 1: lane = float64(); break;
            case 2: lane = integer64(); break;
            default: lane = next(); break;
        }
    }
    return lanes;
}

}  // namespace seventeen::oracle
