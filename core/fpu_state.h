// FpuState: x87, MMX and SSE registers of one CPU.
//
// x87 registers are held by physical number (R0..R7), as MMX sees them; ST(i) is R[(top + i) & 7].
// FXSAVE stores them in stack order instead, so an image is converted when it is written or read.
#pragma once

#include <array>

#include "core/types.h"

namespace seventeen {

inline constexpr u16 kX87ControlReset = 0x0040;  // after RESET (SDM 3A table 9-1)
inline constexpr u16 kX87ControlInit = 0x037f;   // after FNINIT
inline constexpr u32 kMxcsrReset = 0x1f80;
inline constexpr u32 kMxcsrMask = 0xffff;  // bits that may be set, DAZ included

// An 80-bit number; MMX registers are its significand.
struct alignas(16) X87Register {
    u64 significand = 0;
    u16 sign_exponent = 0;
    bool operator==(const X87Register&) const = default;
};

struct alignas(16) XmmRegister {
    std::array<u64, 2> lanes{};
    bool operator==(const XmmRegister&) const = default;
};

struct FpuState {
    u16 control = kX87ControlReset;
    u16 status = 0;   // TOP included (bits 11..13)
    u8 valid = 0xff;  // bit n: R[n] is not empty (FXSAVE's abridged tag; FNSTENV derives the rest)
    u16 opcode = 0;   // FOP, 11 bits
    u32 instruction_pointer = 0;
    u16 instruction_selector = 0;
    u16 data_selector = 0;
    u32 data_pointer = 0;
    u32 mxcsr = kMxcsrReset;
    std::array<X87Register, 8> registers{};
    std::array<XmmRegister, 16> xmm{};

    unsigned top() const { return (status >> 11) & 7; }
    void set_top(unsigned top) {
        status = static_cast<u16>((status & ~0x3800u) | ((top & 7) << 11));
    }
    X87Register& st(unsigned i) { return registers[(top() + i) & 7]; }
    const X87Register& st(unsigned i) const { return registers[(top() + i) & 7]; }

    bool operator==(const FpuState&) const = default;
};

}  // namespace seventeen
