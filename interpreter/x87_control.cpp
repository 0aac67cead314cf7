// x87 control words: FLDCW, FNSTCW, FNSTSW, FNINIT, FNCLEX, WAIT, and what the 8087 and 287 left.
#include "interpreter/x87.h"

namespace seventeen::interpreter {

namespace {

// FLDCW waits, as everything does whose name doesn't say FN.
Fault load_control(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    u16 value;
    const u32 address = effective_address(cpu.state, operation);
    if (Fault fault = cpu.memory.read(operation.segment, address, value)) return fault;
    set_control(cpu.state.fpu, value);
    return finish_control(cpu);
}

template <u16 FpuState::*kWord>
Fault store_word(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    const u32 address = effective_address(cpu.state, operation);
    return cpu.memory.write(operation.segment, address, cpu.state.fpu.*kWord);
}

Fault store_status_in_ax(Cpu& cpu, const Operation&) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    cpu.set_reg<u16>(0, cpu.state.fpu.status);
    return {};
}

Fault initialize(Cpu& cpu, const Operation&) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    initialize_x87(cpu.state.fpu);
    return finish_control(cpu);
}

Fault clear_exceptions(Cpu& cpu, const Operation&) {
    if (Fault fault = cpu.privilege.require_x87()) return fault;
    set_conditions(cpu.state.fpu, kX87Exceptions | kX87StackFault | kX87ErrorSummary | kX87Busy, 0);
    return finish_control(cpu);
}

// FENI, FDISI (8087) and FSETPM (287) do nothing since the 387, and don't wait.
Fault do_nothing(Cpu& cpu, const Operation&) {
    return cpu.privilege.require_x87();
}

Fault wait(Cpu& cpu, const Operation&) {
    if (Fault fault = cpu.privilege.require_wait()) return fault;
    if (cpu.state.fpu.status & kX87ErrorSummary) return cpu.privilege.report_x87_error();
    return {};
}

Handler bind_register_form(const decoder::Instruction& instruction) {
    switch (instruction.opcode << 8 | instruction.modrm) {
        case 0xdbe0:                     // FENI8087_NOP
        case 0xdbe1:                     // FDISI8087_NOP
        case 0xdbe4: return do_nothing;  // FSETPM287_NOP
        case 0xdbe2: return clear_exceptions;
        case 0xdbe3: return initialize;
        case 0xdfe0: return store_status_in_ax;
        default: return nullptr;
    }
}

}  // namespace

Handler bind_x87_control(const decoder::Instruction& instruction) {
    constexpr u8 kWaitOpcode = 0x9b;
    if (instruction.opcode == kWaitOpcode) return wait;
    if (instruction.modrm >= 0xc0) return bind_register_form(instruction);
    switch (instruction.opcode << 4 | (instruction.modrm >> 3 & 7)) {
        case 0xd95: return load_control;
        case 0xd97: return store_word<&FpuState::control>;
        case 0xdd7: return store_word<&FpuState::status>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
