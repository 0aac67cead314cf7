// Recipes: an x87 instruction as data (which registers in, which out), and the handlers they make.
#pragma once

#include "interpreter/x87.h"

namespace seventeen::interpreter {

inline constexpr u8 kStI = 8;       // where a recipe names a register: ST(i), i from ModRM
inline constexpr u8 kStPushed = 7;  // ST(7) before a push is ST(0) after it

struct Recipe {
    HostOperation host;
    u16 conditions = kX87C1;  // which of C0..C3 it defines; the host leaves the others alone
    u8 first = 0;             // becomes ST(0) on the host
    u8 second = 1;            // becomes ST(1), where the host operation loads two
    u8 result = 0;            // the host's ST(0) goes here; numbered as before push or pop
    u8 second_result = 0;     // the host's ST(1)
    u8 pops = 0;
    bool pushes = false;
    u16 refused = 0;  // condition codes that mean: not the usual outcome

    // Bits of stack_tags that must be set (cleared) for the short way.
    constexpr u8 needs_valid(unsigned i) const {
        u8 bits = 0;
        if (host.loads > 0) bits |= static_cast<u8>(1u << (first == kStI ? i : first));
        if (host.loads > 1) bits |= static_cast<u8>(1u << (second == kStI ? i : second));
        return bits;
    }
    constexpr u8 needs_empty() const { return pushes ? 1u << kStPushed : 0; }
};

// Runs the recipe the short way, if it may, and makes its changes to the stack.
template <Recipe kRecipe>
bool follow(FpuState& fpu, unsigned i, void* memory) {
    const u8 tags = stack_tags(fpu);
    const u8 valid = kRecipe.needs_valid(i);
    if ((tags & (valid | kRecipe.needs_empty())) != valid) [[unlikely]]
        return false;
    const auto place = [&](u8 name) { return &fpu.st(name == kStI ? i : name); };
    const HostOperands operands{place(kRecipe.first), place(kRecipe.second), memory,
                                place(kRecipe.result), place(kRecipe.second_result)};
    u16 status;
    if (!run_short<kRecipe.host>(fpu, operands, status, kRecipe.refused)) [[unlikely]]
        return false;
    set_conditions(fpu, kRecipe.conditions, status);
    for (unsigned n = 0; n < kRecipe.pops; ++n) pop(fpu);
    if (kRecipe.pushes) push(fpu);
    return true;
}

// An instruction without memory operand.
template <Recipe kRecipe>
Fault on_stack(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    if (follow<kRecipe>(cpu.state.fpu, operation.modrm & kX87RegisterField, nullptr)) [[likely]]
        note_instruction(cpu.state, operation);
    else
        run_whole(cpu, operation);
    return {};
}

// An instruction that reads a T from memory.
template <typename T, Recipe kRecipe>
Fault from_memory(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    T value;
    const u32 address = effective_address(cpu.state, operation);
    if (Fault fault = cpu.memory.read(operation.segment, address, value)) return fault;
    if (follow<kRecipe>(cpu.state.fpu, 0, &value)) [[likely]]
        note_instruction(cpu.state, operation);
    else
        run_whole(cpu, operation, &value);
    note_operand(cpu.state, operation);
    return {};
}

// An instruction that writes a T to memory and pops `kPops` registers. Nothing of the FPU changes
// where the write faults; an unmasked exception other than #P stores nothing, but the host still
// finds a memory fault first.
template <typename T, HostOperation kHost, unsigned kPops>
Fault to_memory(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin_waiting(cpu)) return fault;
    FpuState& fpu = cpu.state.fpu;
    const u32 address = effective_address(cpu.state, operation);
    T value;
    u16 status;
    if ((stack_tags(fpu) & 1) &&
        run_short<kHost>(fpu, {&fpu.st(0), nullptr, &value, nullptr, nullptr}, status)) [[likely]] {
        if (Fault fault = cpu.memory.write(operation.segment, address, value)) return fault;
        set_conditions(fpu, kX87C1, status);
        for (unsigned n = 0; n < kPops; ++n) pop(fpu);
        note_instruction(cpu.state, operation);
    } else {
        u8 flags = 0;
        const HostImage image = run_on_image(fpu, operation, &value, flags);
        const bool stored = !(image.status & ~fpu.control & kX87Exceptions & ~u32{kX87Precision});
        if (Fault fault = stored ? cpu.memory.write(operation.segment, address, value)
                                 : cpu.memory.probe_write(operation.segment, address, sizeof(T)))
            return fault;
        commit_image(cpu, operation, image);
    }
    note_operand(cpu.state, operation);
    return {};
}

// Picks one of eight instances by ModRM's middle field.
template <typename Pick>
Handler by_register_field(const decoder::Instruction& instruction, Pick&& pick) {
    switch (instruction.modrm >> 3 & 7) {
        case 0: return pick.template operator()<0>();
        case 1: return pick.template operator()<1>();
        case 2: return pick.template operator()<2>();
        case 3: return pick.template operator()<3>();
        case 4: return pick.template operator()<4>();
        case 5: return pick.template operator()<5>();
        case 6: return pick.template operator()<6>();
        default: return pick.template operator()<7>();
    }
}

}  // namespace seventeen::interpreter
