// Operand forms: one template per instruction serves every width and every place of its operands.
//
// A binder picks the instance: `by_width` turns an operand's size into a type, `by_form` the kinds
// of the first two operands into a Form. `update` is the one way an instruction changes its
// destination, `load_second` the one way it reads its source.
#pragma once

#include "interpreter/operation.h"

namespace seventeen::interpreter {

// Destination, then source.
enum class Form : u8 {
    kRegisterRegister,
    kRegisterImmediate,
    kRegisterMemory,
    kMemoryRegister,
    kMemoryImmediate
};

constexpr bool memory_destination(Form form) {
    return form == Form::kMemoryRegister || form == Form::kMemoryImmediate;
}

template <typename Pick>
Handler by_width(unsigned size, Pick&& pick) {
    switch (size) {
        case 1: return pick.template operator()<u8>();
        case 2: return pick.template operator()<u16>();
        case 4: return pick.template operator()<u32>();
        default: return nullptr;
    }
}

template <typename Pick>
Handler by_form(const decoder::Instruction& instruction, Pick&& pick) {
    using decoder::OperandKind;
    const OperandKind source = instruction.operands[1].kind;
    if (instruction.operands[0].kind == OperandKind::kMemory) {
        return source == OperandKind::kImmediate
                   ? pick.template operator()<Form::kMemoryImmediate>()
                   : pick.template operator()<Form::kMemoryRegister>();
    }
    switch (source) {
        case OperandKind::kImmediate: return pick.template operator()<Form::kRegisterImmediate>();
        case OperandKind::kMemory: return pick.template operator()<Form::kRegisterMemory>();
        default: return pick.template operator()<Form::kRegisterRegister>();
    }
}

// Is the one operand (or the first) in memory?
template <typename Pick>
Handler by_place(const decoder::Instruction& instruction, Pick&& pick) {
    return instruction.operands[0].kind == decoder::OperandKind::kMemory
               ? pick.template operator()<true>()
               : pick.template operator()<false>();
}

template <typename T>
Fault load(Cpu& cpu, const Operation& operation, T& value) {
    return cpu.memory.read(operation.segment, effective_address(cpu.state, operation), value);
}

template <typename T>
Fault store(Cpu& cpu, const Operation& operation, T value) {
    return cpu.memory.write(operation.segment, effective_address(cpu.state, operation), value);
}

// A destination or single operand that is read only.
template <typename T, bool kInMemory>
Fault load_first(Cpu& cpu, const Operation& operation, T& value) {
    if constexpr (kInMemory) return load(cpu, operation, value);
    value = cpu.reg<T>(operation.operand[0]);
    return {};
}

template <typename T, Form kForm>
Fault load_second(Cpu& cpu, const Operation& operation, T& value) {
    if constexpr (kForm == Form::kRegisterMemory) {
        return load(cpu, operation, value);
    } else if constexpr (kForm == Form::kRegisterImmediate || kForm == Form::kMemoryImmediate) {
        value = static_cast<T>(operation.immediate);
    } else {
        value = cpu.reg<T>(operation.operand[1]);
    }
    return {};
}

// destination = change(destination); `change` runs where nothing can fault any more.
template <typename T, bool kInMemory, typename Change>
Fault update(Cpu& cpu, const Operation& operation, Change&& change) {
    if constexpr (kInMemory) {
        return cpu.memory.modify<T>(operation.segment, effective_address(cpu.state, operation),
                                    change);
    } else {
        const u8 place = operation.operand[0];
        cpu.set_reg<T>(place, change(cpu.reg<T>(place)));
        return {};
    }
}

template <typename T, bool kInMemory>
Fault store_first(Cpu& cpu, const Operation& operation, T value) {
    if constexpr (kInMemory) return store(cpu, operation, value);
    cpu.set_reg<T>(operation.operand[0], value);
    return {};
}

}  // namespace seventeen::interpreter
