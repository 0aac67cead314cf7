// Floating-point work under the guest's MXCSR: results, sticky flags and #XM as hardware has them.
//
// A handler writes its computation once, as a body that takes a unit and asks it to `run` single
// operations (host_sse.h). It runs on one of two units:
//
// MaskedUnit, where the guest masks all exceptions, as almost every guest does: the whole body runs
// under the guest's MXCSR, and the flags gather in the host's. Loading and storing MXCSR costs more
// than all the rest, so where the guest's control bits are those of the host the body runs at once:
// if it leaves no flag standing that the guest has not, MXCSR does not change.
//
// CarefulUnit, where any exception is unmasked. The host must not trap, so each operation runs with
// everything masked and clean flags, and the unit works out what hardware would have flagged:
//  - Invalid, denormal and divide-by-zero operands of all lanes are found before anything is
//    computed: if one is unmasked, the instruction ends there and sets no other flag.
//  - Overflow and underflow are judged, where unmasked, by the result rounded with unbounded
//    exponent: a tiny result underflows even if it is exact, and the precision flag says whether
//    that result is inexact. Flush-to-zero counts only while underflow is masked.
// (SDM 1 4.9.2 and 11.5.2; 10.2.3.3. The tests compare flags and traps with the host's.)
#pragma once

#include <bit>
#include <limits>
#include <type_traits>

#include "interpreter/cpu.h"
#include "interpreter/host_sse.h"

namespace seventeen::interpreter {

// MXCSR (SDM 1 10.2.3). An exception's mask lies seven bits above its flag.
inline constexpr u32 kMxcsrInvalid = 1u << 0;
inline constexpr u32 kMxcsrDenormal = 1u << 1;
inline constexpr u32 kMxcsrZeroDivide = 1u << 2;
inline constexpr u32 kMxcsrOverflow = 1u << 3;
inline constexpr u32 kMxcsrUnderflow = 1u << 4;
inline constexpr u32 kMxcsrPrecision = 1u << 5;
inline constexpr u32 kMxcsrFlags = 0x3f;
inline constexpr u32 kMxcsrDenormalsAreZeros = 1u << 6;
inline constexpr u32 kMxcsrMaskShift = 7;
inline constexpr u32 kMxcsrMasks = kMxcsrFlags << kMxcsrMaskShift;
inline constexpr u32 kMxcsrRoundingShift = 13;
inline constexpr u32 kMxcsrFlushToZero = 1u << 15;

class MaskedUnit {
  public:
    template <typename Op, typename... Operands>
    static auto run(Operands... operands) {
        return Op::run(operands...);
    }
    // What follows works on results of what went before.
    static void next_stage() {}
};

class CarefulUnit {
  public:
    explicit CarefulUnit(u32 mxcsr);

    template <typename Op, typename... Operands>
    auto run(Operands... operands) {
        const u32 host = host_sse::read_mxcsr();
        host_sse::write_mxcsr(environment_);
        const auto result = Op::run(operands...);
        u32 raised = host_sse::read_mxcsr() & kMxcsrFlags;
        host_sse::write_mxcsr(host);
        if constexpr (requires { Op::kRounded; }) {
            if (leaves_range(result, raised))
                raised = judge_unbounded(Op::kRounded, exact(operands...), raised);
        }
        note(raised);
        return result;
    }
    // Flags that software found.
    void note(u32 raised) { stage_ |= raised; }
    void next_stage();

    // Sets the flags in MXCSR; #XM, or #UD where the system did not announce its handler.
    Fault report(CpuState& state);

  private:
    // Is the result an unmasked overflow or underflow?
    template <typename T>
    bool leaves_range(T result, u32 raised) const {
        using Bits = std::conditional_t<sizeof(T) == 4, u32, u64>;
        constexpr Bits kSign = Bits{1} << (8 * sizeof(T) - 1);
        constexpr Bits kLeastNormal = std::bit_cast<Bits>(std::numeric_limits<T>::min());
        const Bits magnitude = std::bit_cast<Bits>(result) & ~kSign;
        const bool tiny_exact =
            magnitude != 0 && magnitude < kLeastNormal && !(raised & kMxcsrPrecision);
        const u32 all = raised | (tiny_exact ? kMxcsrUnderflow : 0);
        return all & unmasked_ & (kMxcsrOverflow | kMxcsrUnderflow);
    }
    u32 judge_unbounded(host_sse::Rounded rounded, const host_sse::ExactOperands& operands,
                        u32 raised) const;

    static host_sse::ExactOperands exact(float a, float b) {
        return {host_sse::ToDouble::run(a), host_sse::ToDouble::run(b), true};
    }
    static host_sse::ExactOperands exact(double a, double b) { return {a, b, false}; }
    static host_sse::ExactOperands exact(double a) { return {a, 1, true}; }  // CVTSD2SS

    u32 unmasked_;     // the exceptions that trap, as flags
    u32 environment_;  // what operations run under
    u32 stage_ = 0;    // raised since the last stage began
    u32 flags_ = 0;    // raised by complete stages
    bool stopped_ = false;
};

// Runs the body under the guest's MXCSR, once or again: it only writes its results, and those of
// the last time count. On a fault MXCSR has its flags, as on hardware, and the caller changes
// nothing else.
template <typename Body>
Fault compute(CpuState& state, Body&& body) {
    u32& mxcsr = state.fpu.mxcsr;
    MaskedUnit masked;
    const u32 known_flags = mxcsr & kMxcsrFlags;
    if ((mxcsr & ~known_flags) == kMxcsrReset) [[likely]] {
        body(masked);
        if ((host_sse::read_mxcsr() & ~known_flags) == kMxcsrReset) [[likely]]
            return {};
    }
    if ((mxcsr & kMxcsrMasks) == kMxcsrMasks) [[likely]] {
        const u32 host = host_sse::read_mxcsr();
        host_sse::write_mxcsr(mxcsr & kMxcsrMask);
        body(masked);
        mxcsr = host_sse::read_mxcsr();
        host_sse::write_mxcsr(host & ~kMxcsrFlags);
        return {};
    }
    CarefulUnit unit(mxcsr);
    body(unit);
    return unit.report(state);
}

}  // namespace seventeen::interpreter
