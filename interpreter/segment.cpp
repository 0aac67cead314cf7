// MOV, PUSH and POP of segment registers, LxS, LAR, LSL, VERR, VERW, ARPL.
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;
using decoder::RegisterClass;

void set_zero_flag(Cpu& cpu, bool zero) {
    const u32 others = cpu.state.arithmetic.value() & ~kFlagZf;
    cpu.state.arithmetic.set(others | (zero ? kFlagZf : 0));
}

SegmentName segment_operand(const Operation& operation, unsigned which) {
    return static_cast<SegmentName>(operation.operand[which]);
}

// A memory destination takes 16 bits whatever the operand size; a 32-bit register is zero-extended.
Fault store_segment_to_memory(Cpu& cpu, const Operation& operation) {
    return store(cpu, operation, cpu.state.segment(segment_operand(operation, 1)).selector);
}

template <typename T>
Fault move_segment_to_register(Cpu& cpu, const Operation& operation) {
    cpu.set_reg<T>(operation.operand[0], cpu.state.segment(segment_operand(operation, 1)).selector);
    return {};
}

// MOV SS and POP SS hold off interrupts and debug traps for one instruction, so that ESP can follow
// (SDM 3A 6.8.3); LSS loads both at once and does not.
Fault load_with_shadow(Cpu& cpu, SegmentName name, u16 selector) {
    if (Fault fault = cpu.privilege.load_segment(name, selector)) return fault;
    if (name == SegmentName::kSs) {
        cpu.state.debug_shadow = true;
        cpu.state.attention = true;
    }
    return {};
}

template <bool kMemorySource>
Fault move_to_segment(Cpu& cpu, const Operation& operation) {
    constexpr Form kForm = kMemorySource ? Form::kRegisterMemory : Form::kRegisterRegister;
    u16 selector;
    if (Fault fault = load_second<u16, kForm>(cpu, operation, selector)) return fault;
    return load_with_shadow(cpu, segment_operand(operation, 0), selector);
}

// SDM 2B, PUSH, lets the processor write four bytes or two with a 32-bit operand; AMD's write four.
template <typename T>
Fault push_segment(Cpu& cpu, const Operation& operation) {
    return cpu.memory.push(T{cpu.state.segment(segment_operand(operation, 0)).selector});
}

// Reads all of the operand, as the host does (its alignment and page count), and drops the rest.
// POP SS changes the stack's size too: the increment is by the old one's rules.
template <typename T>
Fault pop_segment(Cpu& cpu, const Operation& operation) {
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 mask = memory.stack_mask();
    const u32 esp = cpu.state.reg32(Gpr::kSp);
    T value;
    if (Fault fault = memory.read(SegmentName::kSs, esp & mask, value)) return fault;
    const SegmentName name = segment_operand(operation, 0);
    if (Fault fault = load_with_shadow(cpu, name, static_cast<u16>(value))) return fault;
    cpu.state.set_reg32(Gpr::kSp, (esp & ~mask) | ((esp + static_cast<u32>(sizeof(T))) & mask));
    return {};
}

template <typename T, SegmentName kName>
Fault load_far(Cpu& cpu, const Operation& operation) {  // LDS and its like
    const u32 address = effective_address(cpu.state, operation);
    const u32 second = (address + static_cast<u32>(sizeof(T))) & operation.address_mask;
    T offset;
    u16 selector;
    if (Fault fault = cpu.memory.read(operation.segment, address, offset)) return fault;
    if (Fault fault = cpu.memory.read(operation.segment, second, selector)) return fault;
    if (Fault fault = cpu.privilege.load_segment(kName, selector)) return fault;
    cpu.set_reg<T>(operation.operand[0], offset);
    return {};
}

template <SegmentName kName>
Handler bind_load_far(const Instruction& instruction) {
    return instruction.operand_size == 2 ? &load_far<u16, kName> : &load_far<u32, kName>;
}

using DescriptorQuery = Fault (privilege::PrivilegeEngine::*)(u16, bool&, u32&);

// LAR and LSL read 16 bits from memory or a register.
template <DescriptorQuery kQuery, u32 kMask, typename T, bool kMemorySource>
Fault query_descriptor(Cpu& cpu, const Operation& operation) {
    constexpr Form kForm = kMemorySource ? Form::kRegisterMemory : Form::kRegisterRegister;
    if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    u16 selector;
    if (Fault fault = load_second<u16, kForm>(cpu, operation, selector)) return fault;
    bool valid = false;
    u32 answer = 0;
    if (Fault fault = (cpu.privilege.*kQuery)(selector, valid, answer)) return fault;
    set_zero_flag(cpu, valid);
    if (valid) cpu.set_reg<T>(operation.operand[0], static_cast<T>(answer & kMask));
    return {};
}

template <DescriptorQuery kQuery, u32 kMask>
Handler bind_query(const Instruction& instruction) {
    const bool memory = instruction.operands[1].kind == OperandKind::kMemory;
    if (instruction.operand_size == 2)
        return memory ? &query_descriptor<kQuery, kMask, u16, true>
                      : &query_descriptor<kQuery, kMask, u16, false>;
    return memory ? &query_descriptor<kQuery, kMask, u32, true>
                  : &query_descriptor<kQuery, kMask, u32, false>;
}

template <bool kWrite, bool kInMemory>
Fault verify(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    u16 selector;
    if (Fault fault = load_first<u16, kInMemory>(cpu, operation, selector)) return fault;
    bool valid = false;
    if (Fault fault = kWrite ? cpu.privilege.verify_write(selector, valid)
                             : cpu.privilege.verify_read(selector, valid))
        return fault;
    set_zero_flag(cpu, valid);
    return {};
}

template <bool kInMemory>
Fault adjust_requested_privilege(Cpu& cpu, const Operation& operation) {  // ARPL
    constexpr u16 kRpl = 3;
    if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    const u16 wanted = cpu.reg<u16>(operation.operand[1]) & kRpl;
    u16 selector;
    if (Fault fault = load_first<u16, kInMemory>(cpu, operation, selector)) return fault;
    const bool raised = (selector & kRpl) < wanted;
    if (raised) {
        const u16 adjusted = static_cast<u16>((selector & ~kRpl) | wanted);
        if (Fault fault = store_first<u16, kInMemory>(cpu, operation, adjusted)) return fault;
    }
    set_zero_flag(cpu, raised);
    return {};
}

Handler bind_move(const Instruction& instruction) {
    const bool from_segment = instruction.operands[1].register_class == RegisterClass::kSegment;
    if (!from_segment) {
        return instruction.operands[1].kind == OperandKind::kMemory ? &move_to_segment<true>
                                                                    : &move_to_segment<false>;
    }
    if (instruction.operands[0].kind == OperandKind::kMemory) return &store_segment_to_memory;
    return instruction.operand_size == 2 ? &move_segment_to_register<u16>
                                         : &move_segment_to_register<u32>;
}

}  // namespace

Handler bind_segment(const Instruction& instruction) {
    constexpr u32 kRights = 0x00ffff00;
    const bool wide = instruction.operand_size == 4;
    const bool memory = instruction.operands[0].kind == OperandKind::kMemory;
    using privilege::PrivilegeEngine;
    switch (instruction.mnemonic) {
        case Mnemonic::MOV_SEGMENT: return bind_move(instruction);
        case Mnemonic::PUSH_SEGMENT: return wide ? &push_segment<u32> : &push_segment<u16>;
        case Mnemonic::POP_SEGMENT: return wide ? &pop_segment<u32> : &pop_segment<u16>;
        case Mnemonic::LES: return bind_load_far<SegmentName::kEs>(instruction);
        case Mnemonic::LDS: return bind_load_far<SegmentName::kDs>(instruction);
        case Mnemonic::LSS: return bind_load_far<SegmentName::kSs>(instruction);
        case Mnemonic::LFS: return bind_load_far<SegmentName::kFs>(instruction);
        case Mnemonic::LGS: return bind_load_far<SegmentName::kGs>(instruction);
        case Mnemonic::LAR:
            return bind_query<&PrivilegeEngine::load_access_rights, kRights>(instruction);
        case Mnemonic::LSL:
            return bind_query<&PrivilegeEngine::load_segment_limit, ~0u>(instruction);
        case Mnemonic::VERR: return memory ? &verify<false, true> : &verify<false, false>;
        case Mnemonic::VERW: return memory ? &verify<true, true> : &verify<true, false>;
        case Mnemonic::ARPL:
            return memory ? &adjust_requested_privilege<true> : &adjust_requested_privilege<false>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
