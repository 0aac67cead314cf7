// Asks the host's x87 unit whether a result rounds exactly under unbounded exponents.
#include "interpreter/host_sse.h"

namespace seventeen::interpreter::host_sse {

namespace {

constexpr u16 kAllMasked = 0x3f;
constexpr u16 kPrecisionDouble = 2u << 8;
constexpr u16 kPrecisionFlag = 1u << 5;

}  // namespace

bool inexact_unbounded(Rounded rounded, const ExactOperands& operands, u32 mxcsr) {
    const u16 rounding =
        static_cast<u16>((mxcsr >> 13 & 3) << 10);  // both units number modes alike
    const u16 control =
        static_cast<u16>(kAllMasked | rounding | (operands.single ? 0 : kPrecisionDouble));
    u16 host_control, status;
    long double value = operands.a;
    asm volatile("fnstcw %0" : "=m"(host_control));
    asm volatile("fldcw %0\n\tfnclex" : : "m"(control));
    switch (rounded) {
        case Rounded::kSum: asm volatile("faddl %1" : "+t"(value) : "m"(operands.b)); break;
        case Rounded::kDifference: asm volatile("fsubl %1" : "+t"(value) : "m"(operands.b)); break;
        case Rounded::kProduct: asm volatile("fmull %1" : "+t"(value) : "m"(operands.b)); break;
        case Rounded::kQuotient: asm volatile("fdivl %1" : "+t"(value) : "m"(operands.b)); break;
    }
    asm volatile("fnstsw %0\n\tfnclex\n\tfldcw %1" : "=m"(status) : "m"(host_control));
    return status & kPrecisionFlag;
}

}  // namespace seventeen::interpreter::host_sse
