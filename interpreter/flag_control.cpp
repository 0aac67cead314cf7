// CLC, STC, CMC, CLD, STD, LAHF, SAHF, SALC, CLI, STI, PUSHF, POPF.
#include "interpreter/families.h"
#include "interpreter/operation.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;

constexpr u8 kAl = 0;  // byte offsets within CpuState::gpr
constexpr u8 kAh = 1;
constexpr u32 kFlagsInAh = kFlagCf | kFlagPf | kFlagAf | kFlagZf | kFlagSf;

template <bool kValue>
Fault set_carry(Cpu& cpu, const Operation&) {
    cpu.state.arithmetic.set_cf(kValue);
    return {};
}

Fault complement_carry(Cpu& cpu, const Operation&) {
    cpu.state.arithmetic.set_cf(!cpu.state.arithmetic.cf());
    return {};
}

template <bool kValue>
Fault set_direction(Cpu& cpu, const Operation&) {
    u32& flags = cpu.state.system_flags;
    flags = kValue ? flags | kFlagDf : flags & ~kFlagDf;
    return {};
}

Fault load_flags_into_ah(Cpu& cpu, const Operation&) {
    cpu.set_reg<u8>(kAh, static_cast<u8>((cpu.state.arithmetic.value() & kFlagsInAh) | kFlagFixed));
    return {};
}

Fault store_ah_into_flags(Cpu& cpu, const Operation&) {
    const u32 others = cpu.state.arithmetic.value() & ~kFlagsInAh;
    cpu.state.arithmetic.set(others | (cpu.reg<u8>(kAh) & kFlagsInAh));
    return {};
}

Fault set_al_on_carry(Cpu& cpu, const Operation&) {  // SALC, undocumented
    cpu.set_reg<u8>(kAl, cpu.state.arithmetic.cf() ? 0xff : 0);
    return {};
}

Fault clear_interrupt(Cpu& cpu, const Operation&) {
    return cpu.privilege.clear_interrupt_flag();
}
Fault set_interrupt(Cpu& cpu, const Operation&) {
    return cpu.privilege.set_interrupt_flag();
}

Fault push_flags(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.push_flags(operation.operand_size);
}

Fault pop_flags(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.pop_flags(operation.operand_size);
}

}  // namespace

Handler bind_flag_control(const Instruction& instruction) {
    switch (instruction.mnemonic) {
        case Mnemonic::CLC: return &set_carry<false>;
        case Mnemonic::STC: return &set_carry<true>;
        case Mnemonic::CMC: return &complement_carry;
        case Mnemonic::CLD: return &set_direction<false>;
        case Mnemonic::STD: return &set_direction<true>;
        case Mnemonic::LAHF: return &load_flags_into_ah;
        case Mnemonic::SAHF: return &store_ah_into_flags;
        case Mnemonic::SALC: return &set_al_on_carry;
        case Mnemonic::CLI: return &clear_interrupt;
        case Mnemonic::STI: return &set_interrupt;
        case Mnemonic::PUSHF:
        case Mnemonic::PUSHFD: return &push_flags;
        case Mnemonic::POPF:
        case Mnemonic::POPFD: return &pop_flags;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
