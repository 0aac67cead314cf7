// EFLAGS: the bits by name, and the six arithmetic flags kept as the result they derive from.
//
// Almost every instruction sets the arithmetic flags and almost none reads them, so an instruction
// records two words instead: its result (sign-extended to 64 bits) and `carries`, whose
//   bit 63 is CF, bit 62 is CF xor OF (the carry into the sign bit), bit 3 is AF,
//   bit 0 inverts the sign that the result shows, bits 8..15 are xored into the parity byte.
// The last two are zero but for flags that no result could show (POPF, SAHF, …).
#pragma once

#include <bit>

#include "core/types.h"

namespace seventeen {

inline constexpr u32 kFlagCf = 1u << 0;
inline constexpr u32 kFlagFixed = 1u << 1;  // always reads as one
inline constexpr u32 kFlagPf = 1u << 2;
inline constexpr u32 kFlagAf = 1u << 4;
inline constexpr u32 kFlagZf = 1u << 6;
inline constexpr u32 kFlagSf = 1u << 7;
inline constexpr u32 kFlagTf = 1u << 8;
inline constexpr u32 kFlagIf = 1u << 9;
inline constexpr u32 kFlagDf = 1u << 10;
inline constexpr u32 kFlagOf = 1u << 11;
inline constexpr u32 kFlagIopl = 3u << 12;
inline constexpr u32 kFlagIoplShift = 12;
inline constexpr u32 kFlagNt = 1u << 14;
inline constexpr u32 kFlagRf = 1u << 16;
inline constexpr u32 kFlagVm = 1u << 17;
inline constexpr u32 kFlagAc = 1u << 18;
inline constexpr u32 kFlagVif = 1u << 19;
inline constexpr u32 kFlagVip = 1u << 20;
inline constexpr u32 kFlagId = 1u << 21;
inline constexpr u32 kFlagsArithmetic = kFlagCf | kFlagPf | kFlagAf | kFlagZf | kFlagSf | kFlagOf;

struct ArithmeticFlags {
    static constexpr u64 kCarry = u64{1} << 63;
    static constexpr u64 kCarryIntoSign = u64{1} << 62;
    static constexpr u64 kAdjust = u64{1} << 3;
    static constexpr u64 kSignInverted = u64{1} << 0;

    u64 result = 1;
    u64 carries = 0;

    bool cf() const { return carries >> 63; }
    bool of() const { return ((carries >> 63) ^ (carries >> 62)) & 1; }
    bool af() const { return carries & kAdjust; }
    bool zf() const { return result == 0; }
    bool sf() const { return (result >> 63) ^ (carries & kSignInverted); }
    bool pf() const { return !(std::popcount(static_cast<u8>(result ^ (carries >> 8))) & 1); }

    u32 value() const {
        return (cf() ? kFlagCf : 0) | (pf() ? kFlagPf : 0) | (af() ? kFlagAf : 0) |
               (zf() ? kFlagZf : 0) | (sf() ? kFlagSf : 0) | (of() ? kFlagOf : 0);
    }

    bool operator==(const ArithmeticFlags& other) const { return value() == other.value(); }

    void set(u32 flags) {
        const bool zero = flags & kFlagZf;
        const bool carry = flags & kFlagCf;
        const bool overflow = flags & kFlagOf;
        result = zero ? 0 : 0x100;
        carries = (carry ? kCarry : 0) | (carry != overflow ? kCarryIntoSign : 0) |
                  (flags & kFlagAf ? kAdjust : 0) | (flags & kFlagSf ? kSignInverted : 0) |
                  (flags & kFlagPf ? 0 : 0x100);
    }

    void set_cf(bool carry) {
        const u64 overflow = of();
        carries &= ~(kCarry | kCarryIntoSign);
        carries |= (carry ? kCarry : 0) | ((carry ^ overflow) << 62);
    }
};

}  // namespace seventeen
