// ROUNDPS, ROUNDSS, ROUNDPD, ROUNDSD: to integers in floating-point format, on the bits themselves.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_float.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// The immediate (SDM 2B, ROUNDPD).
constexpr u8 kModeMask = 3;
constexpr u8 kModeFromMxcsr = 1u << 2;
constexpr u8 kPrecisionSuppressed = 1u << 3;

enum Mode : u8 { kNearest, kDown, kUp, kTowardZero };

// The bits of a float or a double.
template <typename Bits>
struct Format {
    static constexpr unsigned kFraction = sizeof(Bits) == 4 ? 23 : 52;
    static constexpr unsigned kBias = sizeof(Bits) == 4 ? 127 : 1023;
    static constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
    static constexpr Bits kQuiet = Bits{1} << (kFraction - 1);
    static constexpr Bits kOne = Bits{kBias} << kFraction;
    static constexpr Bits kInfinity = (kSign - 1) & ~((Bits{1} << kFraction) - 1);
};

// Does a magnitude between two integers go to the greater one? `above_half`, `half` say where it
// lies, `odd` whether the lesser integer is odd.
struct Position {
    bool above_half, half, odd;
};
bool rounds_away(Mode mode, bool negative, Position position) {
    switch (mode) {
        case kNearest: return position.above_half || (position.half && position.odd);
        case kDown: return negative;
        case kUp: return !negative;
        case kTowardZero: break;
    }
    return false;
}

// Adds what it raises (invalid, precision) to `raised`. Denormals are never flagged.
template <typename Bits>
Bits round_lane(Bits value, Mode mode, bool denormals_are_zeros, u32& raised) {
    using F = Format<Bits>;
    const Bits sign = value & F::kSign;
    const Bits magnitude = value & ~F::kSign;
    if (magnitude > F::kInfinity) {
        if (!(value & F::kQuiet)) raised |= kMxcsrInvalid;
        return value | F::kQuiet;
    }
    const bool denormal = magnitude < Bits{1} << F::kFraction;
    if (magnitude == 0 || (denormal && denormals_are_zeros)) return sign;
    const unsigned exponent = static_cast<unsigned>(magnitude >> F::kFraction);
    if (exponent >= F::kBias + F::kFraction) return value;  // an integer, or infinite
    if (exponent < F::kBias) {                              // between 0 and 1
        raised |= kMxcsrPrecision;
        constexpr Bits kHalf = F::kOne - (Bits{1} << F::kFraction);
        const Position position{magnitude > kHalf, magnitude == kHalf, false};
        return sign | (rounds_away(mode, sign != 0, position) ? F::kOne : 0);
    }
    const unsigned dropped = F::kBias + F::kFraction - exponent;  // bits below the integer
    const Bits unit = Bits{1} << dropped;
    const Bits rest = magnitude & (unit - 1);
    if (rest == 0) return value;
    raised |= kMxcsrPrecision;
    const Bits half = unit / 2;
    // Where the integer is the implied leading one, the exponent's lowest bit shows it: the bias is
    // odd.
    const bool odd = magnitude & unit;
    const Bits truncated = magnitude - rest;
    const bool away = rounds_away(mode, sign != 0, {rest > half, rest == half, odd});
    return sign | (away ? truncated + unit : truncated);
}

template <typename Bits, bool kScalar, typename Source>
Fault run_round(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    const u32 mxcsr = cpu.state.fpu.mxcsr;
    const u8 control = static_cast<u8>(operation.immediate);
    const u32 mode = control & kModeFromMxcsr ? mxcsr >> kMxcsrRoundingShift : control;
    XmmRegister& destination = cpu.state.fpu.xmm[operation.operand[0]];
    auto lanes = split<Bits>(destination);
    const auto from = split<Bits>(source);
    u32 raised = 0;
    for (unsigned i = 0; i < (kScalar ? 1 : lanes.size()); ++i) {
        lanes[i] = round_lane(from[i], static_cast<Mode>(mode & kModeMask),
                              mxcsr & kMxcsrDenormalsAreZeros, raised);
    }
    if (control & kPrecisionSuppressed) raised &= ~kMxcsrPrecision;
    CarefulUnit unit(mxcsr);
    unit.note(raised);
    if (Fault fault = unit.report(cpu.state)) return fault;
    destination = join<XmmRegister>(lanes);
    return {};
}

template <typename Bits>
Handler packed_round(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_round<Bits, false, FromAlignedMemory>
                                              : &run_round<Bits, false, FromRegister<XmmRegister>>;
}
template <typename Bits>
Handler scalar_round(const Instruction& instruction) {
    return is_memory(instruction.operands[1])
               ? &run_round<Bits, true, FromMemory<XmmRegister, Bits>>
               : &run_round<Bits, true, FromRegister<XmmRegister>>;
}

}  // namespace

Handler bind_sse_round(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case ROUNDPS: return packed_round<u32>(instruction);
        case ROUNDSS: return scalar_round<u32>(instruction);
        case ROUNDPD: return packed_round<u64>(instruction);
        case ROUNDSD: return scalar_round<u64>(instruction);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
