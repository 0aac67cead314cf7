// Where x87 arithmetic turns: limits of every format, ties, NaNs, denormals, unsupported patterns.
#include "tests/interpreter/x87_states.h"

#include <bit>
#include <cstring>

namespace seventeen::interpreter {

namespace {

constexpr u64 kIntegerBit = u64{1} << 63;
constexpr u16 kBias = 0x3fff;
constexpr u16 kSpecial = 0x7fff;
constexpr u16 kSign = 0x8000;

}  // namespace

u64 X87States::significand() {
    switch (below(8)) {
        case 0: return 0;
        case 1: return ~u64{0};
        case 2: return u64{1} << below(63);
        case 3: return word() & word() & word();
        // Ties, and their neighbours, when rounded to 24 or 53 bits or to an integer.
        case 4: return (word() << 41) | u64{1} << 39 | (word() & 1);
        case 5: return (word() << 11) | u64{1} << 10 | (word() & 1);
        case 6: return ~(word() >> 1 >> below(62));
        default: return word();
    }
}

u16 X87States::exponent() {
    const auto near = [&](u16 middle, unsigned reach) {
        return static_cast<u16>(middle + below(2 * reach + 1) - reach);
    };
    switch (below(12)) {
        case 0: return 0;
        case 1: return static_cast<u16>(below(70));
        case 2: return near(0x7ffe - 2, 2);
        case 3: return near(kBias - 126, 26);   // single: tiny
        case 4: return near(kBias + 127, 2);    // single: huge
        case 5: return near(kBias - 1022, 56);  // double: tiny
        case 6: return near(kBias + 1023, 2);   // double: huge
        case 7: return near(kBias + 15, 2);     // limits of the integers
        case 8: return near(kBias + 31, 2);
        case 9: return near(kBias + 61, 4);  // and of BCD, and of angles
        case 10: return static_cast<u16>(below(0x7fff));
        default: return near(kBias, 4);
    }
}

X87Register X87States::number() {
    X87Register value{significand() | kIntegerBit, exponent()};
    switch (below(24)) {
        case 0: value = {0, 0}; break;
        case 1: value = {kIntegerBit, kSpecial}; break;                      // infinity
        case 2: value = {word() | 3u * (u64{1} << 62), kSpecial}; break;     // quiet NaN
        case 3: value = {kIntegerBit | (word() >> 2) | 1, kSpecial}; break;  // signalling NaN
        case 4: value = {3u * (u64{1} << 62), kSpecial | kSign}; break;      // indefinite
        case 5: value = {significand() & ~kIntegerBit, 0}; break;            // denormal
        case 6: value = {significand() | kIntegerBit, 0}; break;             // pseudo-denormal
        case 7: value = {word() & ~kIntegerBit, exponent()}; break;          // unnormal
        case 8: value = {one_in(2) ? 0 : word() >> 1, kSpecial}; break;      // pseudo-inf., -NaN
        case 9: value = {word(), static_cast<u16>(word())}; break;
        case 10: value = {kIntegerBit, kBias}; break;
        case 11: value = {word() | kIntegerBit, static_cast<u16>(kBias + below(64))}; break;
        default: break;
    }
    if (one_in(2)) value.sign_exponent ^= kSign;
    return value;
}

FpuState X87States::state() {
    FpuState fpu;
    // Mostly masked, as programs have it; sometimes all, one or a few unmasked.
    u16 masks = 0x3f;
    switch (below(6)) {
        case 0: masks = static_cast<u16>(word() & 0x3f); break;
        case 1: masks = 0; break;
        case 2: masks = static_cast<u16>(0x3f ^ 1u << below(6)); break;
        default: break;
    }
    fpu.control = static_cast<u16>(0x40 | masks | below(4) << 8 | below(4) << 10);
    // Flags that stand are masked ones: often all of them, so that nothing is news.
    const u16 flags = static_cast<u16>(one_in(2) ? 0x3f : one_in(2) ? word() : 0);
    fpu.status = static_cast<u16>((flags & masks) | (word() & 0x7f40));
    fpu.valid = static_cast<u8>(one_in(3) ? 0xff : one_in(3) ? word() : word() | word());
    fpu.opcode = static_cast<u16>(word() & 0x7ff);
    fpu.instruction_pointer = static_cast<u32>(word());
    fpu.instruction_selector = static_cast<u16>(word());
    fpu.data_pointer = static_cast<u32>(word());
    fpu.data_selector = static_cast<u16>(word());
    for (X87Register& value : fpu.registers) value = number();
    // Operands that are equal, opposite or close, so that something cancels.
    if (one_in(4)) {
        X87Register& twin = fpu.st(1 + below(7));
        twin = fpu.st(0);
        if (one_in(2)) twin.sign_exponent ^= kSign;
        if (one_in(2)) twin.significand += word() % 3 - 1;
        if (one_in(3)) twin.sign_exponent = static_cast<u16>(twin.sign_exponent + below(130) - 65);
    }
    return fpu;
}

std::array<u8, 16> X87States::operand() {
    std::array<u8, 16> bytes{};
    const auto put = [&](const auto& value) { std::memcpy(bytes.data(), &value, sizeof value); };
    put(std::array<u64, 2>{word(), word()});
    switch (below(8)) {
        case 0: {  // a single: zero, denormal, ordinary, infinity, NaN
            constexpr std::array<u32, 6> kExponents{0, 1, 0x7f, 0x80, 0xfe, 0xff};
            const u32 fraction = one_in(3) ? 0 : static_cast<u32>(word()) >> 9 >> below(23);
            put(static_cast<u32>(word() & 1) << 31 | kExponents[below(6)] << 23 | fraction);
            break;
        }
        case 1: {  // a double
            constexpr std::array<u64, 6> kExponents{0, 1, 0x3ff, 0x400, 0x7fe, 0x7ff};
            const u64 fraction = one_in(3) ? 0 : word() >> 12 >> below(52);
            put((word() & 1) << 63 | kExponents[below(6)] << 52 | fraction);
            break;
        }
        case 2: {
            const X87Register value = number();
            put(value.significand);
            std::memcpy(&bytes[8], &value.sign_exponent, 2);
            break;
        }
        case 3: put(word() >> below(64)); break;
        case 4: put(~word() >> below(64)); break;
        case 5: put(u64{1} << below(64)); break;
        case 6:  // decimal digits
            for (unsigned i = 0; i < 9; ++i) bytes[i] = static_cast<u8>(below(10) << 4 | below(10));
            bytes[9] = one_in(2) ? 0x80 : 0;
            break;
        default: break;
    }
    return bytes;
}

}  // namespace seventeen::interpreter
