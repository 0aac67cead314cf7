// Conversions between floating-point formats and integers, in XMM, MMX and general registers.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_float.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using host_sse::NarrowToSingle;
using host_sse::ToDouble;
using host_sse::ToInteger;
using host_sse::ToIntegerTruncated;
using host_sse::ToSingle;

// Converts `count` lanes; the rest of `result` stays as it is.
template <typename Op, typename From, typename To, unsigned count>
Fault convert_lanes(CpuState& state, const XmmRegister& source, XmmRegister& result) {
    const auto from = split<From>(source);
    auto to = split<To>(result);
    const auto body = [&](auto& unit) {
        for (unsigned i = 0; i < count; ++i) to[i] = unit.template run<Op>(from[i]);
    };
    if (Fault fault = compute(state, body)) return fault;
    result = join<XmmRegister>(to);
    return {};
}

// XMM to XMM. A scalar conversion keeps the destination's other lanes, a packed one clears them.
template <typename Op, typename From, typename To, unsigned count, typename Source>
Fault run_convert(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    XmmRegister& destination = cpu.state.fpu.xmm[operation.operand[0]];
    XmmRegister result = count == 1 ? destination : XmmRegister{};
    if (Fault fault = convert_lanes<Op, From, To, count>(cpu.state, source, result)) return fault;
    destination = result;
    return {};
}

// CVTSI2SS, CVTSI2SD.
template <typename Op, typename To, bool kInMemory>
Fault run_from_general(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    u32 value;
    if (Fault fault = load_general(cpu, operation, kInMemory, value)) return fault;
    return convert_lanes<Op, s32, To, 1>(cpu.state, XmmRegister{{value, 0}},
                                         cpu.state.fpu.xmm[operation.operand[0]]);
}

// CVTSS2SI, CVTSD2SI and the truncating ones.
template <typename Op, typename From, typename Source>
Fault run_to_general(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source, result{};
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    if (Fault fault = convert_lanes<Op, From, s32, 1>(cpu.state, source, result)) return fault;
    cpu.set_reg<u32>(operation.operand[0], split<u32>(result)[0]);
    return {};
}

// CVTPI2PS, CVTPI2PD. With a source in memory no MMX register is touched, so the x87 state stays
// and a pending x87 exception is not heard; the SDM says so of CVTPI2PD, the host does it of both.
template <typename To, bool kInMemory>
Fault run_from_mmx(Cpu& cpu, const Operation& operation) {
    if (Fault fault = kInMemory ? begin_sse(cpu) : begin_sse_with_mmx(cpu)) return fault;
    using Op = std::conditional_t<std::is_same_v<To, float>, ToSingle, ToDouble>;
    u64 value;
    if constexpr (kInMemory) {
        if (Fault fault = load_operand(cpu, operation, value)) return fault;
    } else {
        value = get_register<u64>(cpu.state, operation.operand[1]);
        enter_mmx(cpu.state);
    }
    return convert_lanes<Op, s32, To, 2>(cpu.state, XmmRegister{{value, 0}},
                                         cpu.state.fpu.xmm[operation.operand[0]]);
}

// CVTPS2PI, CVTPD2PI and the truncating ones.
template <typename Op, typename From, typename Source>
Fault run_to_mmx(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse_with_mmx(cpu)) return fault;
    XmmRegister source, result{};
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    enter_mmx(cpu.state);
    if (Fault fault = convert_lanes<Op, From, s32, 2>(cpu.state, source, result)) return fault;
    set_register(cpu.state, operation.operand[0], result.lanes[0]);
    return {};
}

// --- binding ---

// A source of `count` lanes in memory: aligned only if it is a whole register.
template <typename From, unsigned count>
using FromLanes = std::conditional_t<count * sizeof(From) == sizeof(XmmRegister), FromAlignedMemory,
                                     FromMemory<XmmRegister, std::array<From, count>>>;

template <typename Op, typename From, typename To, unsigned count>
Handler convert(const Instruction& instruction) {
    using Register = FromRegister<XmmRegister>;
    return is_memory(instruction.operands[1])
               ? &run_convert<Op, From, To, count, FromLanes<From, count>>
               : &run_convert<Op, From, To, count, Register>;
}
template <typename Op, typename To>
Handler from_general(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_from_general<Op, To, true>
                                              : &run_from_general<Op, To, false>;
}
template <typename Op, typename From>
Handler to_general(const Instruction& instruction) {
    return is_memory(instruction.operands[1])
               ? &run_to_general<Op, From, FromMemory<XmmRegister, From>>
               : &run_to_general<Op, From, FromRegister<XmmRegister>>;
}
template <typename To>
Handler from_mmx(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_from_mmx<To, true> : &run_from_mmx<To, false>;
}
template <typename Op, typename From>
Handler to_mmx(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_to_mmx<Op, From, FromLanes<From, 2>>
                                              : &run_to_mmx<Op, From, FromRegister<XmmRegister>>;
}

}  // namespace

Handler bind_sse_convert(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case CVTSS2SD: return convert<ToDouble, float, double, 1>(instruction);
        case CVTSD2SS: return convert<NarrowToSingle, double, float, 1>(instruction);
        case CVTPS2PD: return convert<ToDouble, float, double, 2>(instruction);
        case CVTPD2PS: return convert<NarrowToSingle, double, float, 2>(instruction);
        case CVTDQ2PS: return convert<ToSingle, s32, float, 4>(instruction);
        case CVTDQ2PD: return convert<ToDouble, s32, double, 2>(instruction);
        case CVTPS2DQ: return convert<ToInteger, float, s32, 4>(instruction);
        case CVTTPS2DQ: return convert<ToIntegerTruncated, float, s32, 4>(instruction);
        case CVTPD2DQ: return convert<ToInteger, double, s32, 2>(instruction);
        case CVTTPD2DQ: return convert<ToIntegerTruncated, double, s32, 2>(instruction);
        case CVTSI2SS: return from_general<ToSingle, float>(instruction);
        case CVTSI2SD: return from_general<ToDouble, double>(instruction);
        case CVTSS2SI: return to_general<ToInteger, float>(instruction);
        case CVTSD2SI: return to_general<ToInteger, double>(instruction);
        case CVTTSS2SI: return to_general<ToIntegerTruncated, float>(instruction);
        case CVTTSD2SI: return to_general<ToIntegerTruncated, double>(instruction);
        case CVTPI2PS: return from_mmx<float>(instruction);
        case CVTPI2PD: return from_mmx<double>(instruction);
        case CVTPS2PI: return to_mmx<ToInteger, float>(instruction);
        case CVTPD2PI: return to_mmx<ToInteger, double>(instruction);
        case CVTTPS2PI: return to_mmx<ToIntegerTruncated, float>(instruction);
        case CVTTPD2PI: return to_mmx<ToIntegerTruncated, double>(instruction);
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
