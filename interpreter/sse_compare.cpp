// Comparisons that set EFLAGS: COMISS, UCOMISS, COMISD, UCOMISD, PTEST.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_float.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// All six flags are written: OF, SF and AF become zero. An unmasked exception leaves them alone.
template <typename Op, typename T, typename Source>
Fault run_compare(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    const T a = split<T>(cpu.state.fpu.xmm[operation.operand[0]])[0];
    const T b = split<T>(source)[0];
    u32 flags = 0;
    const auto body = [&](auto& unit) { flags = unit.template run<Op>(a, b); };
    if (Fault fault = compute(cpu.state, body)) return fault;
    cpu.state.arithmetic.set(flags);
    return {};
}

// ZF: no bit of the source is set in the destination; CF: every one is.
template <typename Source>
Fault run_test(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_sse(cpu)) return fault;
    XmmRegister source;
    if (Fault fault = Source::fetch(cpu, operation, source)) return fault;
    const XmmRegister& destination = cpu.state.fpu.xmm[operation.operand[0]];
    const bool disjoint = Lanewise<bit_and>::apply(destination, source) == XmmRegister{};
    const bool covered = Lanewise<bit_and_not>::apply(destination, source) == XmmRegister{};
    cpu.state.arithmetic.set((disjoint ? kFlagZf : 0) | (covered ? kFlagCf : 0));
    return {};
}

template <typename Op, typename T>
Handler compare(const Instruction& instruction) {
    return is_memory(instruction.operands[1]) ? &run_compare<Op, T, FromMemory<XmmRegister, T>>
                                              : &run_compare<Op, T, FromRegister<XmmRegister>>;
}

}  // namespace

Handler bind_sse_compare(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    switch (instruction.mnemonic) {
        case COMISS: return compare<host_sse::CompareToFlags, float>(instruction);
        case COMISD: return compare<host_sse::CompareToFlags, double>(instruction);
        case UCOMISS: return compare<host_sse::CompareUnorderedToFlags, float>(instruction);
        case UCOMISD: return compare<host_sse::CompareUnorderedToFlags, double>(instruction);
        case PTEST:
            return is_memory(instruction.operands[1]) ? &run_test<FromAlignedMemory>
                                                      : &run_test<FromRegister<XmmRegister>>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
