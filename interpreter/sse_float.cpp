// CarefulUnit: which flags an unmasked exception leaves, and whether it traps.
#include "interpreter/sse_float.h"

namespace seventeen::interpreter {

namespace {

constexpr u32 kPrecomputation = kMxcsrInvalid | kMxcsrDenormal | kMxcsrZeroDivide;

}  // namespace

CarefulUnit::CarefulUnit(u32 mxcsr)
    : unmasked_(~mxcsr >> kMxcsrMaskShift & kMxcsrFlags),
      environment_((mxcsr & kMxcsrMask & ~kMxcsrFlags) | kMxcsrMasks) {}

// An unmasked overflow or underflow ends with the unbounded result, so the precision flag is that
// result's; the masked way back to the range (or to zero, under flush-to-zero) that the host took
// does not count.
u32 CarefulUnit::judge_unbounded(host_sse::Rounded rounded, const host_sse::ExactOperands& operands,
                                 u32 raised) const {
    const u32 out_of_range = raised & kMxcsrOverflow ? kMxcsrOverflow : kMxcsrUnderflow;
    const bool inexact = host_sse::inexact_unbounded(rounded, operands, environment_);
    return (raised & kPrecomputation) | out_of_range | (inexact ? kMxcsrPrecision : 0);
}

void CarefulUnit::next_stage() {
    if (stopped_) return;
    const u32 operands = stage_ & kPrecomputation;
    flags_ |= operands & unmasked_ ? operands : stage_;
    stopped_ = flags_ & unmasked_;
    stage_ = 0;
}

Fault CarefulUnit::report(CpuState& state) {
    next_stage();
    state.fpu.mxcsr |= flags_;
    if (!stopped_) return {};
    return state.cr4 & kCr4Osxmmexcpt ? Fault::of(Vector::kSimdError) : Fault::invalid_opcode();
}

}  // namespace seventeen::interpreter
