// Descriptor-table, control, debug and model-specific registers; CPUID, time stamp, caches, HLT.
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;
using decoder::RegisterClass;

constexpr u32 kTableBytesToBase = 2;  // a descriptor-table operand: u16 limit, u32 base

// SGDT, SIDT: the whole 32-bit base at either operand size (SDM 2B, SGDT).
template <DescriptorTable CpuState::*kTable>
Fault store_table(Cpu& cpu, const Operation& operation) {
    const DescriptorTable& table = cpu.state.*kTable;
    const u32 address = effective_address(cpu.state, operation);
    const u32 second = (address + kTableBytesToBase) & operation.address_mask;
    if (Fault fault = cpu.memory.probe_write(operation.segment, second, sizeof(u32))) return fault;
    if (Fault fault = cpu.memory.write(operation.segment, address, table.limit)) return fault;
    return cpu.memory.write(operation.segment, second, static_cast<u32>(table.base));
}

// LGDT, LIDT: a 16-bit operand size loads 24 bits of base.
template <DescriptorTable CpuState::*kTable>
Fault load_table(Cpu& cpu, const Operation& operation) {
    constexpr u32 kBase24 = 0x00ff'ffff;
    if (Fault fault = cpu.privilege.require_supervisor()) return fault;
    const u32 address = effective_address(cpu.state, operation);
    const u32 second = (address + kTableBytesToBase) & operation.address_mask;
    u16 limit;
    u32 base;
    if (Fault fault = cpu.memory.read(operation.segment, address, limit)) return fault;
    if (Fault fault = cpu.memory.read(operation.segment, second, base)) return fault;
    if (operation.operand_size == 2) base &= kBase24;
    return cpu.privilege.load_descriptor_table(cpu.state.*kTable, base, limit);
}

// SLDT, STR, SMSW to memory take 16 bits; to a register, the operand size.
template <typename Read, bool kInMemory>
Fault store_system_word(Cpu& cpu, const Operation& operation) {
    if (Read::kProtectedModeOnly) {
        if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    }
    const u32 value = Read::value(cpu.state);
    if constexpr (kInMemory) return store(cpu, operation, static_cast<u16>(value));
    if (operation.operand_size == 2) {
        cpu.set_reg<u16>(operation.operand[0], static_cast<u16>(value));
    } else {
        cpu.set_reg<u32>(operation.operand[0], value);
    }
    return {};
}

struct LocalTable {
    static constexpr bool kProtectedModeOnly = true;
    static u32 value(const CpuState& state) { return state.ldtr.selector; }
};
struct TaskRegister {
    static constexpr bool kProtectedModeOnly = true;
    static u32 value(const CpuState& state) { return state.tr.selector; }
};
struct MachineStatus {
    static constexpr bool kProtectedModeOnly = false;
    static u32 value(const CpuState& state) { return static_cast<u32>(state.cr0); }
};

template <bool kInMemory>
Fault load_local_table(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    if (Fault fault = cpu.privilege.require_supervisor()) return fault;
    u16 selector;
    if (Fault fault = load_first<u16, kInMemory>(cpu, operation, selector)) return fault;
    return cpu.privilege.load_ldtr(selector);
}

template <bool kInMemory>
Fault load_task_register(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_protected_mode()) return fault;
    if (Fault fault = cpu.privilege.require_supervisor()) return fault;
    u16 selector;
    if (Fault fault = load_first<u16, kInMemory>(cpu, operation, selector)) return fault;
    return cpu.privilege.load_task_register(selector);
}

template <bool kInMemory>
Fault load_machine_status(Cpu& cpu, const Operation& operation) {
    if (Fault fault = cpu.privilege.require_supervisor()) return fault;
    u16 value;
    if (Fault fault = load_first<u16, kInMemory>(cpu, operation, value)) return fault;
    return cpu.privilege.load_machine_status(value);
}

using ReadRegister = Fault (privilege::PrivilegeEngine::*)(unsigned, u32&);
using WriteRegister = Fault (privilege::PrivilegeEngine::*)(unsigned, u32);

template <ReadRegister kRead>
Fault move_from_special(Cpu& cpu, const Operation& operation) {
    u32 value;
    if (Fault fault = (cpu.privilege.*kRead)(operation.operand[1], value)) return fault;
    cpu.set_reg<u32>(operation.operand[0], value);
    return {};
}

template <WriteRegister kWrite>
Fault move_to_special(Cpu& cpu, const Operation& operation) {
    return (cpu.privilege.*kWrite)(operation.operand[0], cpu.reg<u32>(operation.operand[1]));
}

void set_pair(Cpu& cpu, u64 value) {
    cpu.state.set_reg32(Gpr::kAx, static_cast<u32>(value));
    cpu.state.set_reg32(Gpr::kDx, static_cast<u32>(value >> 32));
}

Fault read_time_stamp(Cpu& cpu, const Operation&) {
    u64 value;
    if (Fault fault = cpu.privilege.read_time_stamp(value)) return fault;
    set_pair(cpu, value);
    return {};
}

Fault read_performance_counter(Cpu& cpu, const Operation&) {
    u64 value;
    if (Fault fault = cpu.privilege.read_performance_counter(cpu.state.reg32(Gpr::kCx), value))
        return fault;
    set_pair(cpu, value);
    return {};
}

Fault read_model_specific(Cpu& cpu, const Operation&) {
    u64 value;
    if (Fault fault = cpu.privilege.read_msr(cpu.state.reg32(Gpr::kCx), value)) return fault;
    set_pair(cpu, value);
    return {};
}

Fault write_model_specific(Cpu& cpu, const Operation&) {
    const u64 value = u64{cpu.state.reg32(Gpr::kDx)} << 32 | cpu.state.reg32(Gpr::kAx);
    return cpu.privilege.write_msr(cpu.state.reg32(Gpr::kCx), value);
}

// The operand only names an address: no segment check, and no fault for an unmapped page.
Fault invalidate_page(Cpu& cpu, const Operation& operation) {
    const SegmentRegister& segment = cpu.state.segment(operation.segment);
    return cpu.privilege.invalidate_page(
        privilege::SegmentedMemory::linear(segment, effective_address(cpu.state, operation)));
}

Fault identify(Cpu& cpu, const Operation&) {
    return cpu.privilege.cpuid();
}
Fault halt(Cpu& cpu, const Operation&) {
    return cpu.privilege.halt();
}
Fault clear_task_switched(Cpu& cpu, const Operation&) {
    return cpu.privilege.clear_task_switched();
}
Fault write_back_caches(Cpu& cpu, const Operation&) {
    return cpu.privilege.write_back_caches();
}
// RSM outside system-management mode; MONITOR and MWAIT, which no model has.
Fault undefined(Cpu&, const Operation&) {
    return Fault::invalid_opcode();
}

template <typename Read>
Handler bind_store_word(const Instruction& instruction) {
    return by_place(instruction,
                    []<bool kIn>() -> Handler { return &store_system_word<Read, kIn>; });
}

Handler bind_special(const Instruction& instruction) {
    using privilege::PrivilegeEngine;
    const auto is = [&](unsigned which, RegisterClass wanted) {
        return instruction.operands[which].register_class == wanted;
    };
    if (is(0, RegisterClass::kControl)) return &move_to_special<&PrivilegeEngine::write_control>;
    if (is(1, RegisterClass::kControl)) return &move_from_special<&PrivilegeEngine::read_control>;
    if (is(0, RegisterClass::kDebug)) return &move_to_special<&PrivilegeEngine::write_debug>;
    return &move_from_special<&PrivilegeEngine::read_debug>;
}

}  // namespace

Handler bind_system(const Instruction& instruction) {
    const bool memory = instruction.operands[0].kind == OperandKind::kMemory;
    switch (instruction.mnemonic) {
        case Mnemonic::SGDT: return &store_table<&CpuState::gdtr>;
        case Mnemonic::SIDT: return &store_table<&CpuState::idtr>;
        case Mnemonic::LGDT: return &load_table<&CpuState::gdtr>;
        case Mnemonic::LIDT: return &load_table<&CpuState::idtr>;
        case Mnemonic::SLDT: return bind_store_word<LocalTable>(instruction);
        case Mnemonic::STR: return bind_store_word<TaskRegister>(instruction);
        case Mnemonic::SMSW: return bind_store_word<MachineStatus>(instruction);
        case Mnemonic::LLDT: return memory ? &load_local_table<true> : &load_local_table<false>;
        case Mnemonic::LTR: return memory ? &load_task_register<true> : &load_task_register<false>;
        case Mnemonic::LMSW:
            return memory ? &load_machine_status<true> : &load_machine_status<false>;
        case Mnemonic::CLTS: return &clear_task_switched;
        case Mnemonic::MOV_CONTROL:
        case Mnemonic::MOV_DEBUG: return bind_special(instruction);
        case Mnemonic::INVD:
        case Mnemonic::WBINVD: return &write_back_caches;
        case Mnemonic::INVLPG: return &invalidate_page;
        case Mnemonic::RDMSR: return &read_model_specific;
        case Mnemonic::WRMSR: return &write_model_specific;
        case Mnemonic::CPUID: return &identify;
        case Mnemonic::RDTSC: return &read_time_stamp;
        case Mnemonic::RDPMC: return &read_performance_counter;
        case Mnemonic::HLT: return &halt;
        case Mnemonic::RSM:
        case Mnemonic::MONITOR:
        case Mnemonic::MWAIT: return &undefined;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
