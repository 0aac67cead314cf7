// The host's SSE unit: one scalar instruction at a time, under an MXCSR of the caller's choice.
//
// The only place, with host_sse.cpp, that holds host code for SSE. Every operation is a type whose
// static `run` is one instruction of SSE or SSE2. Volatile assembly keeps its order, so what stands
// between two accesses to MXCSR runs under that MXCSR, and nothing is folded or moved away.
// Operations of two operands take the destination first, as the instruction does.
//
// RCPSS and RSQRTSS are approximations which differ between processor makes; a guest sees the
// host's, as it would natively.
#pragma once

#include "core/flags.h"
#include "core/types.h"

namespace seventeen::interpreter::host_sse {

inline u32 read_mxcsr() {
    u32 value;
    asm volatile("stmxcsr %0" : "=m"(value));
    return value;
}
inline void write_mxcsr(u32 value) {
    asm volatile("ldmxcsr %0" : : "m"(value));
}

// How a result is rounded that could overflow or underflow: see inexact_unbounded.
enum class Rounded : u8 { kSum, kDifference, kProduct, kQuotient };

struct Add {
    static constexpr Rounded kRounded = Rounded::kSum;
    static float run(float a, float b) {
        asm volatile("addss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("addsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};
struct Subtract {
    static constexpr Rounded kRounded = Rounded::kDifference;
    static float run(float a, float b) {
        asm volatile("subss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("subsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};
struct Multiply {
    static constexpr Rounded kRounded = Rounded::kProduct;
    static float run(float a, float b) {
        asm volatile("mulss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("mulsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};
struct Divide {
    static constexpr Rounded kRounded = Rounded::kQuotient;
    static float run(float a, float b) {
        asm volatile("divss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("divsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};
struct Minimum {
    static float run(float a, float b) {
        asm volatile("minss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("minsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};
struct Maximum {
    static float run(float a, float b) {
        asm volatile("maxss %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("maxsd %1, %0" : "+x"(a) : "x"(b));
        return a;
    }
};

// Of one operand, the source.
struct SquareRoot {
    static float run(float a) {
        asm volatile("sqrtss %0, %0" : "+x"(a));
        return a;
    }
    static double run(double a) {
        asm volatile("sqrtsd %0, %0" : "+x"(a));
        return a;
    }
};
struct Reciprocal {
    static float run(float a) {
        asm volatile("rcpss %0, %0" : "+x"(a));
        return a;
    }
};
struct ReciprocalRoot {
    static float run(float a) {
        asm volatile("rsqrtss %0, %0" : "+x"(a));
        return a;
    }
};

// All ones or all zeros. The predicate is the low three bits of CMPPS's immediate.
template <u8 predicate>
struct Compare {
    static float run(float a, float b) {
        asm volatile("cmpss %2, %1, %0" : "+x"(a) : "x"(b), "i"(predicate));
        return a;
    }
    static double run(double a, double b) {
        asm volatile("cmpsd %2, %1, %0" : "+x"(a) : "x"(b), "i"(predicate));
        return a;
    }
};

// EFLAGS' arithmetic flags.
inline u32 comparison_flags(bool zero, bool parity, bool carry) {
    return (zero ? kFlagZf : 0) | (parity ? kFlagPf : 0) | (carry ? kFlagCf : 0);
}
struct CompareToFlags {
    static u32 run(float a, float b) {
        bool zero, parity, carry;
        asm volatile("comiss %4, %3"
                     : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry)
                     : "x"(a), "x"(b));
        return comparison_flags(zero, parity, carry);
    }
    static u32 run(double a, double b) {
        bool zero, parity, carry;
        asm volatile("comisd %4, %3"
                     : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry)
                     : "x"(a), "x"(b));
        return comparison_flags(zero, parity, carry);
    }
};
struct CompareUnorderedToFlags {  // a quiet NaN is no invalid operand
    static u32 run(float a, float b) {
        bool zero, parity, carry;
        asm volatile("ucomiss %4, %3"
                     : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry)
                     : "x"(a), "x"(b));
        return comparison_flags(zero, parity, carry);
    }
    static u32 run(double a, double b) {
        bool zero, parity, carry;
        asm volatile("ucomisd %4, %3"
                     : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry)
                     : "x"(a), "x"(b));
        return comparison_flags(zero, parity, carry);
    }
};

struct ToSingle {
    static float run(s32 a) {
        float result = 0;
        asm volatile("cvtsi2ss %1, %0" : "+x"(result) : "r"(a));
        return result;
    }
};
struct NarrowToSingle {
    static constexpr Rounded kRounded = Rounded::kProduct;  // with one
    static float run(double a) {
        float result = 0;
        asm volatile("cvtsd2ss %1, %0" : "+x"(result) : "x"(a));
        return result;
    }
};
struct ToDouble {
    static double run(s32 a) {
        double result = 0;
        asm volatile("cvtsi2sd %1, %0" : "+x"(result) : "r"(a));
        return result;
    }
    static double run(float a) {
        double result = 0;
        asm volatile("cvtss2sd %1, %0" : "+x"(result) : "x"(a));
        return result;
    }
};
// 80000000h where it does not fit.
struct ToInteger {
    static s32 run(float a) {
        s32 result;
        asm volatile("cvtss2si %1, %0" : "=r"(result) : "x"(a));
        return result;
    }
    static s32 run(double a) {
        s32 result;
        asm volatile("cvtsd2si %1, %0" : "=r"(result) : "x"(a));
        return result;
    }
};
struct ToIntegerTruncated {
    static s32 run(float a) {
        s32 result;
        asm volatile("cvttss2si %1, %0" : "=r"(result) : "x"(a));
        return result;
    }
    static s32 run(double a) {
        s32 result;
        asm volatile("cvttsd2si %1, %0" : "=r"(result) : "x"(a));
        return result;
    }
};

// Where overflow or underflow is unmasked, the precision flag says whether the result is inexact
// when rounded as if exponents had no bounds (SDM 1 4.9.1.4, 4.9.1.5). The x87 unit can tell: its
// precision control rounds to 24 or 53 bits, and its exponents go further than any result's here.
// The operands are numbers; floats come as the doubles they equal. `mxcsr` holds the rounding mode.
struct ExactOperands {
    double a;
    double b;
    bool single;  // rounds to 24 bits, else to 53
};
bool inexact_unbounded(Rounded rounded, const ExactOperands& operands, u32 mxcsr);

}  // namespace seventeen::interpreter::host_sse
