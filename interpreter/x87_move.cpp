// x87 moves that never look at a value: FLD, FST of 80 bits and of registers, FXCH, FCMOVcc, FFREE.
//
// They need no arithmetic unit while the registers they name are as they should be; a stack fault
// goes the long way.
#include "interpreter/conditions.h"
#include "interpreter/x87_recipe.h"

namespace seventeen::interpreter {

namespace {

constexpr u8 kOnlySt0 = 1u << 0;
constexpr u8 kSt7 = 1u << 7;

u8 st0_and(unsigned i) {
    return static_cast<u8>(kOnlySt0 | 1u << i);
}
unsigned st_i(const Operation& operation) {
    return operation.modrm & kX87RegisterField;
}
bool all_valid(const FpuState& fpu, u8 needed) {
    return (stack_tags(fpu) & needed) == needed;
}

// The frame of a move without memory operand: `move(fpu, i)` runs where ST(i) and, unless
// `kWithSt0` is false, ST(0) are valid.
template <bool kWithSt0, typename Move>
Fault move_registers(Cpu& cpu, const Operation& operation, Move&& move) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    const unsigned i = st_i(operation);
    if (all_valid(fpu, kWithSt0 ? st0_and(i) : static_cast<u8>(1u << i))) [[likely]] {
        move(fpu, i);
        note_instruction(cpu.state, operation);
    } else {
        u8 flags = static_cast<u8>(cpu.state.arithmetic.value());  // FCMOVcc reads them
        run_whole(cpu, operation, nullptr, flags);
    }
    return {};
}

Fault load_register(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    const u8 source = static_cast<u8>(1u << st_i(operation));
    if (all_valid(fpu, source) && !(stack_tags(fpu) & kSt7)) [[likely]] {
        const X87Register value = fpu.st(st_i(operation));
        push(fpu);
        fpu.st(0) = value;
        set_conditions(fpu, kX87C1, 0);
        note_instruction(cpu.state, operation);
    } else {
        run_whole(cpu, operation);
    }
    return {};
}

Fault load_extended(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    ExtendedReal value;
    const u32 address = effective_address(cpu.state, operation);
    if (Fault fault = cpu.memory.read(operation.segment, address, value)) return fault;
    if (!(stack_tags(fpu) & kSt7)) [[likely]] {
        push(fpu);
        fpu.st(0) = {value.significand, value.sign_exponent};
        set_conditions(fpu, kX87C1, 0);
        note_instruction(cpu.state, operation);
    } else {
        run_whole(cpu, operation, &value);
    }
    note_operand(cpu.state, operation);
    return {};
}

Fault store_extended(Cpu& cpu, const Operation& operation) {
    FpuState& fpu = cpu.state.fpu;
    if (!(stack_tags(fpu) & kOnlySt0)) [[unlikely]]
        return to_memory<ExtendedReal, HostOperation{0xdb, 7 << 3 | kHostMemoryOperand, 1, 0}, 1>(
            cpu, operation);
    if (Fault fault = begin_waiting(cpu)) return fault;
    const ExtendedReal value{fpu.st(0).significand, fpu.st(0).sign_exponent};
    const u32 address = effective_address(cpu.state, operation);
    if (Fault fault = cpu.memory.write(operation.segment, address, value)) return fault;
    pop(fpu);
    set_conditions(fpu, kX87C1, 0);
    note_instruction(cpu.state, operation);
    note_operand(cpu.state, operation);
    return {};
}

template <bool kPops>
Fault store_register(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    if (all_valid(fpu, kOnlySt0)) [[likely]] {
        const unsigned i = st_i(operation);
        fpu.st(i) = fpu.st(0);
        fpu.valid |= physical_bit(fpu, i);
        if (kPops) pop(fpu);
        set_conditions(fpu, kX87C1, 0);
        note_instruction(cpu.state, operation);
    } else {
        run_whole(cpu, operation);
    }
    return {};
}

Fault exchange(Cpu& cpu, const Operation& operation) {
    return move_registers<true>(cpu, operation, [](FpuState& fpu, unsigned i) {
        std::swap(fpu.st(0), fpu.st(i));
        set_conditions(fpu, kX87C1, 0);
    });
}

template <unsigned kCondition>
Fault conditional_move(Cpu& cpu, const Operation& operation) {
    return move_registers<true>(cpu, operation, [&](FpuState& fpu, unsigned i) {
        if (condition_holds<kCondition>(cpu.state.arithmetic)) fpu.st(0) = fpu.st(i);
    });
}

// FFREE, FFREEP, FINCSTP, FDECSTP, FNOP: they take any tags.
template <typename Change>
Fault change_stack(Cpu& cpu, const Operation& operation, Change&& change) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    change(cpu.state.fpu);
    note_instruction(cpu.state, operation);
    return {};
}

template <bool kPops>
Fault free_register(Cpu& cpu, const Operation& operation) {
    return change_stack(cpu, operation, [&](FpuState& fpu) {
        fpu.valid &= static_cast<u8>(~physical_bit(fpu, st_i(operation)));
        if (kPops) pop(fpu);
        set_conditions(fpu, kX87C1, 0);
    });
}

template <int kStep>
Fault rotate(Cpu& cpu, const Operation& operation) {
    return change_stack(cpu, operation, [](FpuState& fpu) {
        fpu.set_top(fpu.top() + static_cast<unsigned>(kStep));
        set_conditions(fpu, kX87C1, 0);
    });
}

Fault no_operation(Cpu& cpu, const Operation& operation) {
    return change_stack(cpu, operation, [](FpuState&) {});
}

// D9 D8+i, undocumented: FSTP that takes an empty ST(0) for what it is, and leaves the tag of
// ST(i) as it was. Too odd to say twice.
Fault store_without_checks(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    run_whole(cpu, operation);
    return {};
}

// DA: below, equal, below or equal, unordered; DB: their opposites. As condition codes.
Handler bind_conditional_move(const decoder::Instruction& instruction) {
    switch (instruction.opcode << 8 | (instruction.modrm & 0xf8)) {
        case 0xdac0: return conditional_move<0x2>;
        case 0xdac8: return conditional_move<0x4>;
        case 0xdad0: return conditional_move<0x6>;
        case 0xdad8: return conditional_move<0xa>;
        case 0xdbc0: return conditional_move<0x3>;
        case 0xdbc8: return conditional_move<0x5>;
        case 0xdbd0: return conditional_move<0x7>;
        case 0xdbd8: return conditional_move<0xb>;
        default: return nullptr;
    }
}

Handler bind_register_form(const decoder::Instruction& instruction) {
    switch (instruction.opcode << 8 | (instruction.modrm & 0xf8)) {
        case 0xd9c0: return load_register;
        case 0xd9c8:
        case 0xddc8:  // undocumented double
        case 0xdfc8: return exchange;
        case 0xd9d8: return store_without_checks;
        case 0xddc0: return free_register<false>;
        case 0xdfc0: return free_register<true>;  // FFREEP, undocumented
        case 0xddd0: return store_register<false>;
        case 0xddd8:
        case 0xdfd0:  // undocumented doubles
        case 0xdfd8: return store_register<true>;
        default: break;
    }
    switch (instruction.opcode << 8 | instruction.modrm) {
        case 0xd9d0: return no_operation;
        case 0xd9f6: return rotate<-1>;  // FDECSTP
        case 0xd9f7: return rotate<+1>;  // FINCSTP
        default: return bind_conditional_move(instruction);
    }
}

}  // namespace

Handler bind_x87_move(const decoder::Instruction& instruction) {
    if (instruction.modrm >= 0xc0) return bind_register_form(instruction);
    switch (instruction.opcode << 4 | (instruction.modrm >> 3 & 7)) {
        case 0xdb5: return load_extended;   // FLD m80
        case 0xdb7: return store_extended;  // FSTP m80
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
