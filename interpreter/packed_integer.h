// Packed integer operations: what MMX and SSE instructions compute, on registers of 8 or 16 bytes.
//
// Every operation is a type with `apply(destination, source)`, or `apply(destination, source,
// immediate)`, written once for both kinds of register: u64 is an MMX register, XmmRegister an XMM
// register. Lanes are numbered from the least significant one. Functions of one lane wrap around
// unless their name says otherwise; those that multiply or add take unsigned lanes where the sign
// does not matter.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <type_traits>

#include "core/fpu_state.h"
#include "core/types.h"

namespace seventeen::interpreter {

template <typename Lane, typename Register>
using Lanes = std::array<Lane, sizeof(Register) / sizeof(Lane)>;

template <typename Lane, typename Register>
constexpr Lanes<Lane, Register> split(const Register& value) {
    return std::bit_cast<Lanes<Lane, Register>>(value);
}
template <typename Register, typename Lanes>
constexpr Register join(const Lanes& lanes) {
    return std::bit_cast<Register>(lanes);
}

// The lanes of the destination, then those of the source.
template <typename Lane, typename Register>
constexpr auto split_both(const Register& destination, const Register& source) {
    return std::bit_cast<std::array<Lane, 2 * sizeof(Register) / sizeof(Lane)>>(
        std::array<Register, 2>{destination, source});
}

// --- functions of one lane ---

template <typename T>
constexpr T saturate(s64 value) {
    return static_cast<T>(
        std::clamp<s64>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}
template <typename T>
constexpr T negate(T a) {
    return static_cast<T>(0 - static_cast<u64>(a));
}

template <typename T>
constexpr T add(T a, T b) {
    return static_cast<T>(a + b);
}
template <typename T>
constexpr T subtract(T a, T b) {
    return static_cast<T>(a - b);
}
template <typename T>
constexpr T add_saturated(T a, T b) {
    return saturate<T>(s64{a} + b);
}
template <typename T>
constexpr T subtract_saturated(T a, T b) {
    return saturate<T>(s64{a} - b);
}
template <typename T>
constexpr T multiply_low(T a, T b) {
    return static_cast<T>(u64{a} * b);
}
template <typename T>
constexpr T multiply_high(T a, T b) {
    return static_cast<T>((s64{a} * b) >> (8 * sizeof(T)));
}
constexpr s16 multiply_high_rounded(s16 a, s16 b) {  // PMULHRSW
    return static_cast<s16>((((s32{a} * b) >> 14) + 1) >> 1);
}
template <typename T>
constexpr T average(T a, T b) {
    return static_cast<T>((u32{a} + b + 1) >> 1);
}
template <typename T>
constexpr T equal(T a, T b) {
    return static_cast<T>(a == b ? -1 : 0);
}
template <typename T>
constexpr T greater(T a, T b) {
    return static_cast<T>(a > b ? -1 : 0);
}
template <typename T>
constexpr T minimum(T a, T b) {
    return std::min(a, b);
}
template <typename T>
constexpr T maximum(T a, T b) {
    return std::max(a, b);
}
template <typename T>
constexpr T sign(T a, T b) {  // PSIGN
    return b < 0 ? negate(a) : b == 0 ? T{0} : a;
}
template <typename T>
constexpr T absolute(T, T b) {
    return b < 0 ? negate(b) : b;
}
// Of the low halves of 64-bit lanes.
constexpr u64 multiply_unsigned_halves(u64 a, u64 b) {
    return u64{static_cast<u32>(a)} * static_cast<u32>(b);
}
constexpr u64 multiply_signed_halves(u64 a, u64 b) {
    return static_cast<u64>(s64{static_cast<s32>(a)} * static_cast<s32>(b));
}
constexpr u64 bit_and(u64 a, u64 b) {
    return a & b;
}
constexpr u64 bit_and_not(u64 a, u64 b) {
    return ~a & b;
}
constexpr u64 bit_or(u64 a, u64 b) {
    return a | b;
}
constexpr u64 bit_xor(u64 a, u64 b) {
    return a ^ b;
}

// Counts are not masked: one of the lane's width or more shifts everything out.
template <typename T>
constexpr T shift_left(T a, u64 count) {
    return count < 8 * sizeof(T) ? static_cast<T>(a << count) : T{0};
}
template <typename T>
constexpr T shift_right(T a, u64 count) {
    constexpr u64 kMost = 8 * sizeof(T) - 1;
    if constexpr (std::is_signed_v<T>) return static_cast<T>(a >> std::min(count, kMost));
    return count <= kMost ? static_cast<T>(a >> count) : T{0};
}

// --- operations on whole registers ---

// The lane that a function of one lane works on.
template <typename Lane, typename Other>
Lane lane_type(Lane (*)(Lane, Other));
template <auto function>
using LaneOf = decltype(lane_type(function));

// Each lane from the same lane of both operands.
template <auto function>
struct Lanewise {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        auto lanes = split<LaneOf<function>>(a);
        const auto other = split<LaneOf<function>>(b);
        for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = function(lanes[i], other[i]);
        return join<Register>(lanes);
    }
};

// Each lane from a pair of neighbours, the destination's pairs first.
template <auto function>
struct Horizontal {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        using Lane = LaneOf<function>;
        const auto both = split_both<Lane>(a, b);
        Lanes<Lane, Register> result;
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = function(both[2 * i], both[2 * i + 1]);
        return join<Register>(result);
    }
};

// Each wide lane is the sum of two neighbouring products (PMADDWD, PMADDUBSW).
template <typename Wide, typename LaneA, typename LaneB, auto sum>
struct MultiplyAdd {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        const auto x = split<LaneA>(a);
        const auto y = split<LaneB>(b);
        Lanes<Wide, Register> result;
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = sum(s32{x[2 * i]} * y[2 * i], s32{x[2 * i + 1]} * y[2 * i + 1]);
        return join<Register>(result);
    }
};
constexpr s32 wrapped_sum(s32 a, s32 b) {  // wraps only where all four factors are -8000h
    return static_cast<s32>(static_cast<u32>(a) + static_cast<u32>(b));
}
constexpr s16 saturated_sum(s32 a, s32 b) {
    return saturate<s16>(a + b);
}

// Every lane of both operands, narrowed with saturation.
template <typename Narrow, typename Wide>
struct Pack {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        const auto both = split_both<Wide>(a, b);
        Lanes<Narrow, Register> result;
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = saturate<Narrow>(both[i]);
        return join<Register>(result);
    }
};

// The lanes of one half of each operand in turn.
template <typename Lane, bool kHighHalf>
struct Unpack {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        const auto x = split<Lane>(a);
        const auto y = split<Lane>(b);
        Lanes<Lane, Register> result;
        const std::size_t first = kHighHalf ? result.size() / 2 : 0;
        for (std::size_t i = 0; i < result.size() / 2; ++i) {
            result[2 * i] = x[first + i];
            result[2 * i + 1] = y[first + i];
        }
        return join<Register>(result);
    }
};
template <typename Lane>
using UnpackLow = Unpack<Lane, false>;
template <typename Lane>
using UnpackHigh = Unpack<Lane, true>;

// All lanes by one count, the low 64 bits of the source.
template <auto function>
struct Shift {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        return by(a, split<u64>(b)[0]);
    }
    template <typename Register>
    static constexpr Register by(const Register& a, u64 count) {
        auto lanes = split<LaneOf<function>>(a);
        for (auto& lane : lanes) lane = function(lane, count);
        return join<Register>(lanes);
    }
};

// PSADBW: in each 64-bit lane the sum of the differences of eight bytes.
struct SumOfDifferences {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        const auto x = split<u8>(a);
        const auto y = split<u8>(b);
        Lanes<u64, Register> sums{};
        for (std::size_t i = 0; i < x.size(); ++i)
            sums[i / 8] += static_cast<u64>(std::max(x[i], y[i]) - std::min(x[i], y[i]));
        return join<Register>(sums);
    }
};

// PSHUFB: bit 7 of an index clears the byte.
struct ShuffleBytes {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b) {
        const auto bytes = split<u8>(a);
        auto result = split<u8>(b);
        for (u8& index : result) index = index & 0x80 ? u8{0} : bytes[index % sizeof(Register)];
        return join<Register>(result);
    }
};

// PALIGNR: destination:source shifted right by whole bytes.
struct AlignRight {
    template <typename Register>
    static constexpr Register apply(const Register& a, const Register& b, u8 count) {
        const auto both = split_both<u8>(b, a);
        Lanes<u8, Register> result{};
        for (std::size_t i = 0; i < result.size(); ++i)
            result[i] = i + count < both.size() ? both[i + count] : u8{0};
        return join<Register>(result);
    }
};

// PHMINPOSUW: the least word and where it first stands.
struct MinimumPosition {
    static constexpr XmmRegister apply(const XmmRegister&, const XmmRegister& b) {
        const auto words = split<u16>(b);
        const auto* least = std::min_element(words.begin(), words.end());
        return {{*least | static_cast<u64>(least - words.begin()) << 16, 0}};
    }
};

// MPSADBW: eight sums over four bytes; the destination's bytes slide, the source's stand still.
struct SlidingDifferences {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b, u8 selector) {
        const auto x = split<u8>(a);
        const auto y = split<u8>(b);
        const std::size_t first = selector & 4, standing = (selector & 3) * 4;
        Lanes<u16, XmmRegister> sums{};
        for (std::size_t i = 0; i < sums.size(); ++i) {
            for (std::size_t j = 0; j < 4; ++j) {
                const int difference = x[first + i + j] - y[standing + j];
                sums[i] = static_cast<u16>(sums[i] + (difference < 0 ? -difference : difference));
            }
        }
        return join<XmmRegister>(sums);
    }
};

// PMOVSX, PMOVZX: the low lanes of the source, widened by their type's sign.
template <typename Narrow, typename Wide>
struct Widen {
    static constexpr XmmRegister apply(const XmmRegister&, const XmmRegister& b) {
        const auto narrow = split<Narrow>(b);
        Lanes<Wide, XmmRegister> result;
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<Wide>(narrow[i]);
        return join<XmmRegister>(result);
    }
};

}  // namespace seventeen::interpreter
