// JMP, Jcc, LOOP, CALL, RET, INT, IRET, BOUND, SYSENTER, SYSEXIT, UDx: what moves EIP.
//
// A near target is masked to the operand size and must lie within CS's limit (#GP(0)); it is
// checked before anything is pushed or popped.
#include <array>
#include <utility>

#include "interpreter/conditions.h"
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;
using privilege::SoftwareInterrupt;

bool within_code_segment(const Cpu& cpu, u32 target) {
    return target <= cpu.state.segment(SegmentName::kCs).limit;
}

template <typename T>
Fault jump_to(Cpu& cpu, T target) {
    if (!within_code_segment(cpu, target)) return Fault::general_protection();
    cpu.state.rip = target;
    return {};
}

template <typename T>
T relative_target(const Cpu& cpu, const Operation& operation) {
    return static_cast<T>(cpu.state.eip() + operation.immediate);
}

template <typename T>
Fault jump_relative(Cpu& cpu, const Operation& operation) {
    return jump_to(cpu, relative_target<T>(cpu, operation));
}

template <typename T, bool kInMemory>
Fault jump_indirect(Cpu& cpu, const Operation& operation) {
    T target;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, target)) return fault;
    return jump_to(cpu, target);
}

template <unsigned kCode, typename T>
Fault jump_on_condition(Cpu& cpu, const Operation& operation) {
    if (!condition_holds<kCode>(cpu.state.arithmetic)) return {};
    return jump_relative<T>(cpu, operation);
}

// Count registers go by address size, targets by operand size.
template <typename Count, typename T>
Fault jump_if_zero_count(Cpu& cpu, const Operation& operation) {
    constexpr u8 kCx = static_cast<u8>(Gpr::kCx) * 8;
    return cpu.reg<Count>(kCx) == 0 ? jump_relative<T>(cpu, operation) : Fault{};
}

enum class LoopWhile : u8 { kAlways, kZero, kNotZero };

template <typename Count, typename T, LoopWhile kWhile>
Fault loop(Cpu& cpu, const Operation& operation) {
    constexpr u8 kCx = static_cast<u8>(Gpr::kCx) * 8;
    const Count count = static_cast<Count>(cpu.reg<Count>(kCx) - 1);
    const bool zero = cpu.state.arithmetic.zf();
    const bool again = kWhile == LoopWhile::kAlways || (kWhile == LoopWhile::kZero) == zero;
    if (count != 0 && again) {
        if (Fault fault = jump_relative<T>(cpu, operation)) return fault;
    }
    cpu.set_reg<Count>(kCx, count);
    return {};
}

template <typename T>
Fault call_to(Cpu& cpu, T target) {
    if (!within_code_segment(cpu, target)) return Fault::general_protection();
    if (Fault fault = cpu.memory.push(static_cast<T>(cpu.state.eip()))) return fault;
    cpu.state.rip = target;
    return {};
}

template <typename T>
Fault call_relative(Cpu& cpu, const Operation& operation) {
    return call_to(cpu, relative_target<T>(cpu, operation));
}

template <typename T, bool kInMemory>
Fault call_indirect(Cpu& cpu, const Operation& operation) {
    T target;
    if (Fault fault = load_first<T, kInMemory>(cpu, operation, target)) return fault;
    return call_to(cpu, target);
}

template <typename T>
Fault return_near(Cpu& cpu, const Operation& operation) {
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 top = memory.stack_pointer();
    T target;
    if (Fault fault = memory.read(SegmentName::kSs, top, target)) return fault;
    if (Fault fault = jump_to(cpu, target)) return fault;
    const u32 released = static_cast<u16>(operation.immediate);
    memory.set_stack_pointer(top + static_cast<u32>(sizeof(T)) + released);
    return {};
}

// m16:16 or m16:32, or the pointer within the instruction.
template <typename T, bool kInMemory>
Fault load_far_pointer(Cpu& cpu, const Operation& operation, u16& selector, T& offset) {
    if constexpr (kInMemory) {
        const u32 address = effective_address(cpu.state, operation);
        const u32 second = (address + static_cast<u32>(sizeof(T))) & operation.address_mask;
        if (Fault fault = cpu.memory.read(operation.segment, address, offset)) return fault;
        return cpu.memory.read(operation.segment, second, selector);
    }
    offset = static_cast<T>(operation.immediate);
    selector = operation.immediate2;
    return {};
}

template <typename T, bool kInMemory>
Fault jump_far(Cpu& cpu, const Operation& operation) {
    u16 selector;
    T offset;
    if (Fault fault = load_far_pointer<T, kInMemory>(cpu, operation, selector, offset))
        return fault;
    return cpu.privilege.far_jump(selector, offset, sizeof(T));
}

template <typename T, bool kInMemory>
Fault call_far(Cpu& cpu, const Operation& operation) {
    u16 selector;
    T offset;
    if (Fault fault = load_far_pointer<T, kInMemory>(cpu, operation, selector, offset))
        return fault;
    return cpu.privilege.far_call(selector, offset, sizeof(T));
}

Fault return_far(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.far_return(operation.operand_size, static_cast<u16>(operation.immediate));
}

Fault interrupt_return(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.interrupt_return(operation.operand_size);
}

Fault interrupt(Cpu& cpu, const Operation& operation) {
    return cpu.privilege.software_interrupt(static_cast<u8>(operation.immediate),
                                            SoftwareInterrupt::kIntN);
}

template <Vector kVector, SoftwareInterrupt kKind>
Fault fixed_interrupt(Cpu& cpu, const Operation&) {
    return cpu.privilege.software_interrupt(static_cast<u8>(kVector), kKind);
}

Fault interrupt_on_overflow(Cpu& cpu, const Operation& operation) {
    if (!cpu.state.arithmetic.of()) return {};
    return fixed_interrupt<Vector::kOverflow, SoftwareInterrupt::kInto>(cpu, operation);
}

// Two signed bounds at the address, lower first.
template <typename T>
Fault check_bounds(Cpu& cpu, const Operation& operation) {
    using Signed = std::make_signed_t<T>;
    const u32 address = effective_address(cpu.state, operation);
    T lower;
    T upper;
    if (Fault fault = cpu.memory.read(operation.segment, address, lower)) return fault;
    const u32 second = (address + static_cast<u32>(sizeof(T))) & operation.address_mask;
    if (Fault fault = cpu.memory.read(operation.segment, second, upper)) return fault;
    const Signed index = static_cast<Signed>(cpu.reg<T>(operation.operand[0]));
    if (index < static_cast<Signed>(lower) || index > static_cast<Signed>(upper))
        return Fault::of(Vector::kBoundRange);
    return {};
}

Fault system_enter(Cpu& cpu, const Operation&) {
    return cpu.privilege.sysenter();
}
Fault system_exit(Cpu& cpu, const Operation&) {
    return cpu.privilege.sysexit();
}
Fault undefined(Cpu&, const Operation&) {
    return Fault::invalid_opcode();
}

template <std::size_t... kCodes>
Handler bind_jump_on_condition(const Instruction& instruction, unsigned code,
                               std::index_sequence<kCodes...>) {
    static constexpr std::array<std::array<Handler, 2>, 16> kHandlers{
        {{&jump_on_condition<kCodes, u16>, &jump_on_condition<kCodes, u32>}...}};
    return kHandlers[code][instruction.operand_size == 4];
}

template <typename Count, LoopWhile kWhile>
Handler bind_loop_by_target(const Instruction& instruction) {
    return instruction.operand_size == 2 ? &loop<Count, u16, kWhile> : &loop<Count, u32, kWhile>;
}

template <LoopWhile kWhile>
Handler bind_loop(const Instruction& instruction) {
    return instruction.address_size == 2 ? bind_loop_by_target<u16, kWhile>(instruction)
                                         : bind_loop_by_target<u32, kWhile>(instruction);
}

template <typename Count>
Handler bind_jump_if_zero_count(const Instruction& instruction) {
    return instruction.operand_size == 2 ? &jump_if_zero_count<Count, u16>
                                         : &jump_if_zero_count<Count, u32>;
}

template <typename T>
Handler bind_transfer(const Instruction& instruction) {
    const OperandKind kind = instruction.operands[0].kind;
    const bool memory = kind == OperandKind::kMemory;
    switch (instruction.mnemonic) {
        case Mnemonic::JMP:
            if (kind == OperandKind::kRelative) return &jump_relative<T>;
            return memory ? &jump_indirect<T, true> : &jump_indirect<T, false>;
        case Mnemonic::CALL:
            if (kind == OperandKind::kRelative) return &call_relative<T>;
            return memory ? &call_indirect<T, true> : &call_indirect<T, false>;
        case Mnemonic::RET: return &return_near<T>;
        case Mnemonic::JMP_FAR: return memory ? &jump_far<T, true> : &jump_far<T, false>;
        case Mnemonic::CALL_FAR: return memory ? &call_far<T, true> : &call_far<T, false>;
        case Mnemonic::BOUND: return &check_bounds<T>;
        default: return nullptr;
    }
}

Handler bind_by_operand_size(const Instruction& instruction) {
    return instruction.operand_size == 2 ? bind_transfer<u16>(instruction)
                                         : bind_transfer<u32>(instruction);
}

}  // namespace

Handler bind_control_flow(const Instruction& instruction) {
    constexpr std::make_index_sequence<16> kCodes;
    const unsigned code =
        static_cast<unsigned>(instruction.mnemonic) - static_cast<unsigned>(Mnemonic::JO);
    if (code < kCodes.size()) return bind_jump_on_condition(instruction, code, kCodes);
    switch (instruction.mnemonic) {
        case Mnemonic::JCXZ: return bind_jump_if_zero_count<u16>(instruction);
        case Mnemonic::JECXZ: return bind_jump_if_zero_count<u32>(instruction);
        case Mnemonic::LOOP: return bind_loop<LoopWhile::kAlways>(instruction);
        case Mnemonic::LOOPE: return bind_loop<LoopWhile::kZero>(instruction);
        case Mnemonic::LOOPNE: return bind_loop<LoopWhile::kNotZero>(instruction);
        case Mnemonic::RET_FAR: return &return_far;
        case Mnemonic::IRET:
        case Mnemonic::IRETD: return &interrupt_return;
        case Mnemonic::INT: return &interrupt;
        case Mnemonic::INT1: return &fixed_interrupt<Vector::kDebug, SoftwareInterrupt::kIcebp>;
        case Mnemonic::INT3: return &fixed_interrupt<Vector::kBreakpoint, SoftwareInterrupt::kInt3>;
        case Mnemonic::INTO: return &interrupt_on_overflow;
        case Mnemonic::SYSENTER: return &system_enter;
        case Mnemonic::SYSEXIT: return &system_exit;
        case Mnemonic::UD0:
        case Mnemonic::UD1:
        case Mnemonic::UD2: return &undefined;
        default: return bind_by_operand_size(instruction);
    }
}

}  // namespace seventeen::interpreter
