// Arithmetic with flags: results and carries as ArithmeticFlags keeps them.
#pragma once

#include <concepts>
#include <type_traits>

#include "core/flags.h"
#include "core/types.h"

namespace seventeen::interpreter {

template <std::unsigned_integral T>
inline constexpr unsigned kBits = sizeof(T) * 8;

template <std::unsigned_integral T>
constexpr u64 sign_extended(T value) {
    return static_cast<u64>(static_cast<s64>(static_cast<std::make_signed_t<T>>(value)));
}

template <std::unsigned_integral T>
constexpr bool sign_bit(T value) {
    return value >> (kBits<T> - 1);
}

// `carries`: bit n is the carry (or borrow) out of bit n.
template <std::unsigned_integral T>
void set_flags(ArithmeticFlags& flags, T result, T carries) {
    constexpr u64 kTop = ArithmeticFlags::kCarry | ArithmeticFlags::kCarryIntoSign;
    flags.result = sign_extended(result);
    flags.carries = ((static_cast<u64>(carries) << (64 - kBits<T>)) & kTop) |
                    (carries & ArithmeticFlags::kAdjust);
}

template <std::unsigned_integral T>
T add_with_flags(ArithmeticFlags& flags, T a, T b, bool carry_in = false) {
    const T result = static_cast<T>(a + b + carry_in);
    set_flags<T>(flags, result, static_cast<T>((a & b) | ((a | b) & ~result)));
    return result;
}

template <std::unsigned_integral T>
T subtract_with_flags(ArithmeticFlags& flags, T a, T b, bool borrow_in = false) {
    const T result = static_cast<T>(a - b - borrow_in);
    set_flags<T>(flags, result, static_cast<T>((~a & b) | ((~a | b) & result)));
    return result;
}

// AND, OR, XOR, TEST: CF and OF cleared; AF is undefined and comes out clear, as on the host.
template <std::unsigned_integral T>
T logic_with_flags(ArithmeticFlags& flags, T result) {
    flags.result = sign_extended(result);
    flags.carries = 0;
    return result;
}

// Sets CF and OF only (rotates); SF, ZF, AF and PF stay.
inline void set_cf_of(ArithmeticFlags& flags, bool carry, bool overflow) {
    flags.carries &= ~(ArithmeticFlags::kCarry | ArithmeticFlags::kCarryIntoSign);
    flags.carries |= (carry ? ArithmeticFlags::kCarry : 0) |
                     (carry != overflow ? ArithmeticFlags::kCarryIntoSign : 0);
}

// SF, ZF and PF from the result, the other three as given.
template <std::unsigned_integral T>
void set_result(ArithmeticFlags& flags, T result, bool carry, bool overflow, bool adjust) {
    flags.result = sign_extended(result);
    flags.carries = adjust ? ArithmeticFlags::kAdjust : 0;
    set_cf_of(flags, carry, overflow);
}

}  // namespace seventeen::interpreter
