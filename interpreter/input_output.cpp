// IN and OUT; their string forms are in string.cpp.
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr u8 kAx = 0;  // byte offsets within CpuState::gpr
constexpr u8 kDx = static_cast<u8>(Gpr::kDx) * 8;

template <bool kImmediate>
u16 port_of(const Cpu& cpu, const Operation& operation) {
    return kImmediate ? static_cast<u8>(operation.immediate) : cpu.reg<u16>(kDx);
}

template <typename T, bool kImmediate>
Fault input(Cpu& cpu, const Operation& operation) {
    u32 value;
    if (Fault fault = cpu.privilege.input(port_of<kImmediate>(cpu, operation), sizeof(T), value))
        return fault;
    cpu.set_reg<T>(kAx, static_cast<T>(value));
    return {};
}

template <typename T, bool kImmediate>
Fault output(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.output(port_of<kImmediate>(cpu, operation), sizeof(T), cpu.reg<T>(kAx));
}

}  // namespace

Handler bind_input_output(const Instruction& instruction) {
    const bool in = instruction.mnemonic == Mnemonic::IN;
    const bool immediate = instruction.operands[in ? 1 : 0].kind == OperandKind::kImmediate;
    return by_width(instruction.operands[in ? 0 : 1].size, [&]<typename T>() -> Handler {
        if (in) return immediate ? &input<T, true> : &input<T, false>;
        return immediate ? &output<T, true> : &output<T, false>;
    });
}

}  // namespace seventeen::interpreter
