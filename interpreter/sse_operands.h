// What MMX and SSE instructions share: how one begins, its registers, and where its source lies.
//
// A handler is a template over the operation, the kind of register (u64 is an MMX register,
// XmmRegister an XMM register) and the Source, a type whose `fetch` reads the source operand. All
// that may fault comes before the first change of anything.
#pragma once

#include <array>
#include <bit>
#include <type_traits>

#include "interpreter/operation.h"

namespace seventeen::interpreter {

template <typename Register>
inline constexpr bool kIsMmx = std::is_same_v<Register, u64>;

inline constexpr unsigned kXmmAlignment = 16;

// --- how an instruction begins ---

// CR0.EM, CR0.TS, CR4.OSFXSR: #UD or #NM.
inline Fault begin_sse(Cpu& cpu) {
    const bool usable = !(cpu.state.cr0 & (kCr0Em | kCr0Ts)) && (cpu.state.cr4 & kCr4Osfxsr);
    return usable ? Fault{} : cpu.privilege.require_sse();
}
// The same for MMX; then what an x87 instruction left behind: #MF (SDM 1 9.5).
inline Fault begin_mmx(Cpu& cpu) {
    if (cpu.state.cr0 & (kCr0Em | kCr0Ts)) [[unlikely]] {
        if (Fault fault = cpu.privilege.require_mmx()) return fault;
    }
    constexpr u16 kErrorSummary = 1u << 7;
    if (cpu.state.fpu.status & kErrorSummary) [[unlikely]]
        return cpu.privilege.report_x87_error();
    return {};
}
// An SSE instruction that has an MMX register as an operand too.
inline Fault begin_sse_with_mmx(Cpu& cpu) {
    if (Fault fault = begin_sse(cpu)) return fault;
    return begin_mmx(cpu);
}
template <typename Register>
Fault begin(Cpu& cpu) {
    if constexpr (kIsMmx<Register>) return begin_mmx(cpu);
    return begin_sse(cpu);
}

// Every MMX instruction but EMMS marks all registers valid and clears TOP (SDM 1 9.5.1). One whose
// memory operand faults has not done so yet. MASKMOVQ has, and so has a conversion that raises #XM:
// the SDM does not say; the host does it.
inline void enter_mmx(CpuState& state) {
    state.fpu.valid = 0xff;
    state.fpu.set_top(0);
}

// --- registers ---

template <typename Register>
Register get_register(const CpuState& state, u8 number) {
    if constexpr (kIsMmx<Register>) return state.fpu.registers[number].significand;
    if constexpr (!kIsMmx<Register>) return state.fpu.xmm[number];
}

// Writing an MMX register sets sign and exponent of the x87 register it lies in (SDM 1 9.5.1).
template <typename Register>
void set_register(CpuState& state, u8 number, const Register& value) {
    if constexpr (kIsMmx<Register>) {
        enter_mmx(state);
        state.fpu.registers[number] = {value, 0xffff};
    } else {
        state.fpu.xmm[number] = value;
    }
}

// --- memory ---

template <typename T>
Fault load_operand(Cpu& cpu, const Operation& operation, T& value) {
    return cpu.memory.read(operation.segment, effective_address(cpu.state, operation), value);
}
template <typename T>
Fault store_operand(Cpu& cpu, const Operation& operation, const T& value) {
    return cpu.memory.write(operation.segment, effective_address(cpu.state, operation), value);
}

// #GP(0) where a whole-register operand is not aligned, before the segment's limit and paging are
// looked at, as on the host; the alignment check never sees it (SDM 3A 6.15, vector 17).
inline Fault check_alignment(const Cpu& cpu, const Operation& operation) {
    const u32 offset = effective_address(cpu.state, operation);
    const SegmentRegister& segment = cpu.state.segment(operation.segment);
    const LinearAddress address = privilege::SegmentedMemory::linear(segment, offset);
    return address.value % kXmmAlignment == 0 ? Fault{} : Fault::general_protection();
}
inline Fault load_aligned(Cpu& cpu, const Operation& operation, XmmRegister& value) {
    if (Fault fault = check_alignment(cpu, operation)) return fault;
    return load_operand(cpu, operation, value);
}
inline Fault store_aligned(Cpu& cpu, const Operation& operation, const XmmRegister& value) {
    if (Fault fault = check_alignment(cpu, operation)) return fault;
    return store_operand(cpu, operation, value);
}

// --- sources: each reads the second operand as a whole register, zero-extended ---

template <typename Register>
struct FromRegister {
    static Fault fetch(Cpu& cpu, const Operation& operation, Register& value) {
        value = get_register<Register>(cpu.state, operation.operand[1]);
        return {};
    }
};

// `Memory` is as wide as the instruction reads; no alignment is asked for.
template <typename Register, typename Memory = Register>
struct FromMemory {
    static Fault fetch(Cpu& cpu, const Operation& operation, Register& value) {
        std::array<Memory, sizeof(Register) / sizeof(Memory)> lanes{};
        if (Fault fault = load_operand(cpu, operation, lanes[0])) return fault;
        value = std::bit_cast<Register>(lanes);
        return {};
    }
};

struct FromAlignedMemory {
    static Fault fetch(Cpu& cpu, const Operation& operation, XmmRegister& value) {
        return load_aligned(cpu, operation, value);
    }
};

// A source in memory as wide as the register: XMM operands must then be aligned.
template <typename Register>
using FromWholeMemory =
    std::conditional_t<kIsMmx<Register>, FromMemory<Register>, FromAlignedMemory>;

// A general register, or as much memory: CVTSI2SS, MOVD.
template <typename T>
Fault load_general(Cpu& cpu, const Operation& operation, bool in_memory, T& value) {
    if (in_memory) return load_operand(cpu, operation, value);
    value = cpu.reg<T>(operation.operand[1]);
    return {};
}

// --- what binders ask ---

inline bool is_register(const decoder::Operand& operand, decoder::RegisterClass register_class) {
    return operand.kind == decoder::OperandKind::kRegister &&
           operand.register_class == register_class;
}
inline bool is_mmx(const decoder::Operand& operand) {
    return is_register(operand, decoder::RegisterClass::kMmx);
}
inline bool is_xmm(const decoder::Operand& operand) {
    return is_register(operand, decoder::RegisterClass::kXmm);
}
inline bool is_memory(const decoder::Operand& operand) {
    return operand.kind == decoder::OperandKind::kMemory;
}

}  // namespace seventeen::interpreter
