// Floating-point arithmetic: lane by lane, horizontal, dot products, and CMPccPS with its kin.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_float.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using host_sse::Add;
using host_sse::Multiply;
using host_sse::Subtract;

// --- shapes: each computes a whole register with operations that a unit runs ---

template <typename Op, typename Unit, typename T>
T run_lane(Unit& unit, T destination, T source) {
    if constexpr (requires { Op::run(source); })
        return unit.template run<Op>(source);
    else
        return unit.template run<Op>(destination, source);
}

// The lowest lane only, or all of them.
template <typename Op, typename T, bool kScalar>
struct EachLane {
    template <typename Unit>
    static XmmRegister apply(Unit& unit, const XmmRegister& a, const XmmRegister& b, u8) {
        auto lanes = split<T>(a);
        const auto other = split<T>(b);
        for (unsigned i = 0; i < (kScalar ? 1 : lanes.size()); ++i)
            lanes[i] = run_lane<Op>(unit, lanes[i], other[i]);
        return join<XmmRegister>(lanes);
    }
};

// HADD, HSUB: neighbours, the destination's pairs first.
template <typename Op, typename T>
struct Neighbours {
    template <typename Unit>
    static XmmRegister apply(Unit& unit, const XmmRegister& a, const XmmRegister& b, u8) {
        const auto both = split_both<T>(a, b);
        Lanes<T, XmmRegister> result;
        for (unsigned i = 0; i < result.size(); ++i)
            result[i] = unit.template run<Op>(both[2 * i], both[2 * i + 1]);
        return join<XmmRegister>(result);
    }
};

// ADDSUB: even lanes are subtracted, odd ones added.
template <typename T>
struct AddSubtract {
    template <typename Unit>
    static XmmRegister apply(Unit& unit, const XmmRegister& a, const XmmRegister& b, u8) {
        auto lanes = split<T>(a);
        const auto other = split<T>(b);
        for (unsigned i = 0; i < lanes.size(); i += 2) {
            lanes[i] = unit.template run<Subtract>(lanes[i], other[i]);
            lanes[i + 1] = unit.template run<Add>(lanes[i + 1], other[i + 1]);
        }
        return join<XmmRegister>(lanes);
    }
};

// DPPS, DPPD: bits 7..4 of the immediate choose the products, bits 3..0 where the sum goes. A
// product that is not chosen is +0 and raises nothing. Neighbours are added first.
template <typename T>
struct DotProduct {
    template <typename Unit>
    static XmmRegister apply(Unit& unit, const XmmRegister& a, const XmmRegister& b, u8 selector) {
        auto lanes = split<T>(a);
        const auto other = split<T>(b);
        for (unsigned i = 0; i < lanes.size(); ++i)
            lanes[i] =
                selector >> (4 + i) & 1 ? unit.template run<Multiply>(lanes[i], other[i]) : 0;
        for (std::size_t count = lanes.size(); count > 1; count /= 2) {
            unit.next_stage();
            for (unsigned i = 0; i < count / 2; ++i)
                lanes[i] = unit.template run<Add>(lanes[2 * i], lanes[2 * i + 1]);
        }
        Lanes<T, XmmRegister> result{};
        for (unsigned i = 0; i < result.size(); ++i)
            if (selector >> i & 1) result[i] = lanes[0];
        return join<XmmRegister>(result);
    }
};

// --- handlers ---

template <typename Shape, typename Source>
Fault run_float(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    XmmRegister& destination = cpu.state.fpu.xmm[operation.operand[0]];
    XmmRegister result;
    const auto body = [&](auto& unit) {
        result = Shape::apply(unit, destination, source, static_cast<u8>(operation.immediate));
    };
    if (Fault fault = compute(cpu.state, body)) return fault;
    destination = result;
    return {};
}

template <typename Shape, typename Memory = FromAlignedMemory>
Handler shaped(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_float<Shape, Memory>
                                              : &run_float<Shape, FromRegister<XmmRegister>>;
}
template <typename Op, typename T>
Handler packed_float(const Instruction& instruction) {
    return shaped<EachLane<Op, T, false>>(instruction);
}
template <typename Op, typename T>
Handler scalar(const Instruction& instruction) {
    return shaped<EachLane<Op, T, true>, FromMemory<XmmRegister, T>>(instruction);
}

// The predicate is part of the instruction; bits 7..3 mean nothing without a VEX prefix.
template <typename T, bool kScalar, u8 predicate = 0>
Handler compare(const Instruction& instruction) {
    if constexpr (predicate < 8) {
        if ((instruction.immediate & 7) != predicate)
            return compare<T, kScalar, predicate + 1>(instruction);
        using Op = host_sse::Compare<predicate>;
        return kScalar ? scalar<Op, T>(instruction) : packed_float<Op, T>(instruction);
    }
    return nullptr;
}

Handler bind_single(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case ADDPS: return packed_float<Add, float>(instruction);
        case ADDSS: return scalar<Add, float>(instruction);
        case SUBPS: return packed_float<Subtract, float>(instruction);
        case SUBSS: return scalar<Subtract, float>(instruction);
        case MULPS: return packed_float<Multiply, float>(instruction);
        case MULSS: return scalar<Multiply, float>(instruction);
        case DIVPS: return packed_float<host_sse::Divide, float>(instruction);
        case DIVSS: return scalar<host_sse::Divide, float>(instruction);
        case MINPS: return packed_float<host_sse::Minimum, float>(instruction);
        case MINSS: return scalar<host_sse::Minimum, float>(instruction);
        case MAXPS: return packed_float<host_sse::Maximum, float>(instruction);
        case MAXSS: return scalar<host_sse::Maximum, float>(instruction);
        case SQRTPS: return packed_float<host_sse::SquareRoot, float>(instruction);
        case SQRTSS: return scalar<host_sse::SquareRoot, float>(instruction);
        case RCPPS: return packed_float<host_sse::Reciprocal, float>(instruction);
        case RCPSS: return scalar<host_sse::Reciprocal, float>(instruction);
        case RSQRTPS: return packed_float<host_sse::ReciprocalRoot, float>(instruction);
        case RSQRTSS: return scalar<host_sse::ReciprocalRoot, float>(instruction);
        case CMPPS: return compare<float, false>(instruction);
        case CMPSS: return compare<float, true>(instruction);
        case HADDPS: return shaped<Neighbours<Add, float>>(instruction);
        case HSUBPS: return shaped<Neighbours<Subtract, float>>(instruction);
        case ADDSUBPS: return shaped<AddSubtract<float>>(instruction);
        case DPPS: return shaped<DotProduct<float>>(instruction);
        default: return nullptr;
    }
}

Handler bind_double(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case ADDPD: return packed_float<Add, double>(instruction);
        case ADDSD: return scalar<Add, double>(instruction);
        case SUBPD: return packed_float<Subtract, double>(instruction);
        case SUBSD: return scalar<Subtract, double>(instruction);
        case MULPD: return packed_float<Multiply, double>(instruction);
        case MULSD: return scalar<Multiply, double>(instruction);
        case DIVPD: return packed_float<host_sse::Divide, double>(instruction);
        case DIVSD: return scalar<host_sse::Divide, double>(instruction);
        case MINPD: return packed_float<host_sse::Minimum, double>(instruction);
        case MINSD: return scalar<host_sse::Minimum, double>(instruction);
        case MAXPD: return packed_float<host_sse::Maximum, double>(instruction);
        case MAXSD: return scalar<host_sse::Maximum, double>(instruction);
        case SQRTPD: return packed_float<host_sse::SquareRoot, double>(instruction);
        case SQRTSD: return scalar<host_sse::SquareRoot, double>(instruction);
        case CMPPD: return compare<double, false>(instruction);
        case CMPSD_SSE: return compare<double, true>(instruction);
        case HADDPD: return shaped<Neighbours<Add, double>>(instruction);
        case HSUBPD: return shaped<Neighbours<Subtract, double>>(instruction);
        case ADDSUBPD: return shaped<AddSubtract<double>>(instruction);
        case DPPD: return shaped<DotProduct<double>>(instruction);
        default: return nullptr;
    }
}

}  // namespace

Handler bind_sse_arithmetic(const Instruction& instruction) {
    if (Handler handler = bind_single(instruction)) return handler;
    return bind_double(instruction);
}

}  // namespace seventeen::interpreter
