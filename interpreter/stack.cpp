// PUSH, POP, PUSHA, POPA, ENTER, LEAVE (general operands; segments are in segment.cpp).
#include "interpreter/families.h"
#include "interpreter/forms.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;
using decoder::Mnemonic;
using decoder::OperandKind;

constexpr u8 kRegisterBytes = 8;  // distance of two registers in CpuState::gpr
constexpr u8 kSp = static_cast<u8>(Gpr::kSp) * kRegisterBytes;
constexpr u8 kBp = static_cast<u8>(Gpr::kBp) * kRegisterBytes;

template <typename T>
Fault push_register(Cpu& cpu, const Operation& operation) {
    return cpu.memory.push(cpu.reg<T>(operation.operand[0]));  // PUSH ESP: the value before
}

template <typename T>
Fault push_immediate(Cpu& cpu, const Operation& operation) {
    return cpu.memory.push(static_cast<T>(operation.immediate));
}

template <typename T>
Fault push_memory(Cpu& cpu, const Operation& operation) {
    T value;
    if (Fault fault = load(cpu, operation, value)) return fault;
    return cpu.memory.push(value);
}

template <typename T>
Fault pop_register(Cpu& cpu, const Operation& operation) {
    T value;
    if (Fault fault = cpu.memory.pop(value)) return fault;
    cpu.set_reg<T>(operation.operand[0], value);  // POP ESP: the value wins over the increment
    return {};
}

// An ESP base in the operand's address is read after the increment (SDM 2B, POP); a fault of the
// store undoes the increment.
template <typename T>
Fault pop_memory(Cpu& cpu, const Operation& operation) {
    const u32 esp = cpu.state.reg32(Gpr::kSp);
    T value;
    if (Fault fault = cpu.memory.pop(value)) return fault;
    const Fault fault = store(cpu, operation, value);
    if (fault) cpu.state.set_reg32(Gpr::kSp, esp);
    return fault;
}

// All eight are checked before the first is written, so that a fault restarts cleanly.
template <typename T>
Fault push_all(Cpu& cpu, const Operation&) {
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 mask = memory.stack_mask();
    const u32 top = memory.stack_pointer();
    for (unsigned i = 1; i <= 8; ++i) {
        const u32 slot = (top - i * sizeof(T)) & mask;
        if (Fault fault = memory.probe_write(SegmentName::kSs, slot, sizeof(T))) return fault;
    }
    for (unsigned i = 0; i < 8; ++i) {
        const u32 slot = (top - (i + 1) * static_cast<u32>(sizeof(T))) & mask;
        const T value = cpu.reg<T>(static_cast<u8>(i * kRegisterBytes));
        if (Fault fault = memory.write(SegmentName::kSs, slot, value)) return fault;
    }
    memory.set_stack_pointer(top - 8 * static_cast<u32>(sizeof(T)));
    return {};
}

template <typename T>
Fault pop_all(Cpu& cpu, const Operation&) {
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 mask = memory.stack_mask();
    const u32 top = memory.stack_pointer();
    T values[8];
    for (unsigned i = 0; i < 8; ++i) {
        const u32 slot = (top + i * static_cast<u32>(sizeof(T))) & mask;
        if (Fault fault = memory.read(SegmentName::kSs, slot, values[7 - i])) return fault;
    }
    for (unsigned i = 0; i < 8; ++i) {
        const u8 place = static_cast<u8>(i * kRegisterBytes);
        if (place != kSp) cpu.set_reg<T>(place, values[i]);
    }
    memory.set_stack_pointer(top + 8 * static_cast<u32>(sizeof(T)));
    return {};
}

// SDM 2A, ENTER. The registers change only when every push, and the probe of the new top of the
// stack, has succeeded.
template <typename T>
Fault enter(Cpu& cpu, const Operation& operation) {
    constexpr unsigned kLevels = 32;
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 mask = memory.stack_mask();
    const u16 frame_bytes = static_cast<u16>(operation.immediate);
    const unsigned level = operation.immediate2 % kLevels;
    u32 top = memory.stack_pointer();
    const auto push = [&](T value) {
        top = (top - static_cast<u32>(sizeof(T))) & mask;
        return memory.write(SegmentName::kSs, top, value);
    };
    if (Fault fault = push(cpu.reg<T>(kBp))) return fault;
    const u32 frame = (cpu.state.reg32(Gpr::kSp) & ~mask) | top;
    u32 outer = cpu.state.reg32(Gpr::kBp);
    for (unsigned i = 1; i < level; ++i) {
        outer = (outer - static_cast<u32>(sizeof(T)));
        T link;
        if (Fault fault = memory.read(SegmentName::kSs, outer & mask, link)) return fault;
        if (Fault fault = push(link)) return fault;
    }
    if (level > 0) {
        if (Fault fault = push(static_cast<T>(frame))) return fault;
    }
    top = (top - frame_bytes) & mask;
    if (Fault fault = memory.probe_write(SegmentName::kSs, top, sizeof(T))) return fault;
    cpu.set_reg<T>(kBp, static_cast<T>(frame));
    memory.set_stack_pointer(top);
    return {};
}

template <typename T>
Fault leave(Cpu& cpu, const Operation&) {
    privilege::SegmentedMemory& memory = cpu.memory;
    const u32 frame = cpu.state.reg32(Gpr::kBp) & memory.stack_mask();
    T saved;
    if (Fault fault = memory.read(SegmentName::kSs, frame, saved)) return fault;
    memory.set_stack_pointer(frame + static_cast<u32>(sizeof(T)));
    cpu.set_reg<T>(kBp, saved);
    return {};
}

template <typename T>
Handler bind_sized(const Instruction& instruction) {
    const OperandKind kind = instruction.operands[0].kind;
    switch (instruction.mnemonic) {
        case Mnemonic::PUSH:
            if (kind == OperandKind::kImmediate) return &push_immediate<T>;
            return kind == OperandKind::kMemory ? &push_memory<T> : &push_register<T>;
        case Mnemonic::POP: return kind == OperandKind::kMemory ? &pop_memory<T> : &pop_register<T>;
        case Mnemonic::PUSHA:
        case Mnemonic::PUSHAD: return &push_all<T>;
        case Mnemonic::POPA:
        case Mnemonic::POPAD: return &pop_all<T>;
        case Mnemonic::ENTER: return &enter<T>;
        case Mnemonic::LEAVE: return &leave<T>;
        default: return nullptr;
    }
}

}  // namespace

Handler bind_stack(const Instruction& instruction) {
    return instruction.operand_size == 2 ? bind_sized<u16>(instruction)
                                         : bind_sized<u32>(instruction);
}

}  // namespace seventeen::interpreter
