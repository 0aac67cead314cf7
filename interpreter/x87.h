// What all x87 instructions share: how one begins, the status word's bits, pointers, the two ways.
//
// A handler tries the short way (host_x87.h) where the registers it needs hold numbers, and falls
// back on run_whole, which is right for every state; so the handlers know nothing of stack faults,
// unmasked exceptions or their half-done results.
#pragma once

#include <bit>

#include "interpreter/host_x87.h"
#include "interpreter/operation.h"

namespace seventeen::interpreter {

// The status word (SDM 1 figure 8-4). The first six have their mask in the control word.
inline constexpr u16 kX87Invalid = 1u << 0;
inline constexpr u16 kX87Denormal = 1u << 1;
inline constexpr u16 kX87ZeroDivide = 1u << 2;
inline constexpr u16 kX87Overflow = 1u << 3;
inline constexpr u16 kX87Underflow = 1u << 4;
inline constexpr u16 kX87Precision = 1u << 5;
inline constexpr u16 kX87Exceptions = 0x3f;
inline constexpr u16 kX87StackFault = 1u << 6;
inline constexpr u16 kX87ErrorSummary = 1u << 7;
inline constexpr u16 kX87C0 = 1u << 8;
inline constexpr u16 kX87C1 = 1u << 9;
inline constexpr u16 kX87C2 = 1u << 10;
inline constexpr u16 kX87C3 = 1u << 14;
inline constexpr u16 kX87Conditions = kX87C0 | kX87C1 | kX87C2 | kX87C3;
inline constexpr u16 kX87Busy = 1u << 15;  // always equal to ES

inline constexpr u8 kX87RegisterField = 7;  // ModRM's i of ST(i)

// An 80-bit number in memory.
struct [[gnu::packed]] ExtendedReal {
    u64 significand;
    u16 sign_exponent;
};
static_assert(sizeof(ExtendedReal) == 10);

// --- the register stack ---

// Bit i: ST(i) is not empty.
inline u8 stack_tags(const FpuState& fpu) {
    return std::rotr(fpu.valid, static_cast<int>(fpu.top()));
}
inline u8 physical_bit(const FpuState& fpu, unsigned i) {
    return static_cast<u8>(1u << ((fpu.top() + i) & 7));
}
inline void pop(FpuState& fpu) {
    fpu.valid = static_cast<u8>(fpu.valid & ~physical_bit(fpu, 0));
    fpu.set_top(fpu.top() + 1);
}
// Makes room for a new ST(0); the caller fills it.
inline void push(FpuState& fpu) {
    fpu.set_top(fpu.top() - 1);
    fpu.valid = static_cast<u8>(fpu.valid | physical_bit(fpu, 0));
}

// --- the status word ---

inline void set_conditions(FpuState& fpu, u16 mask, u16 from) {
    fpu.status = static_cast<u16>((fpu.status & ~mask) | (from & mask));
}
// ES and B say whether an exception stands that the control word doesn't mask; hardware keeps them
// so whatever is loaded.
inline void update_error_summary(FpuState& fpu) {
    const bool pending = fpu.status & ~fpu.control & kX87Exceptions;
    set_conditions(fpu, kX87ErrorSummary | kX87Busy, pending ? 0xffff : 0);
}

// Reserved bits aren't kept: bit 6 reads as one, the others as zero (so on the host).
inline void set_control(FpuState& fpu, u16 value) {
    fpu.control = (value & 0x1f3f) | 0x0040;
    update_error_summary(fpu);
}
// FNINIT, FNSAVE: every register is empty, but MMX instructions still find what was in it.
inline void initialize_x87(FpuState& fpu) {
    fpu.control = kX87ControlInit;
    fpu.status = 0;
    fpu.valid = 0;
    fpu.opcode = 0;
    fpu.instruction_pointer = 0;
    fpu.instruction_selector = 0;
    fpu.data_pointer = 0;
    fpu.data_selector = 0;
}

// --- the life of an instruction ---

// #NM, then what is left from earlier instructions (#MF), before anything else.
inline Fault begin_waiting(Cpu& cpu) {
    if (cpu.state.cr0 & (kCr0Em | kCr0Ts)) [[unlikely]] {
        if (Fault fault = cpu.privilege.require_x87()) return fault;
    }
    if (cpu.state.fpu.status & kX87ErrorSummary) [[unlikely]]
        return cpu.privilege.report_x87_error();
    return {};
}

// The end of an instruction that replaces the status or control word: FERR# rises or falls. What is
// newly pending waits for the next waiting instruction.
inline Fault finish_control(Cpu& cpu) {
    cpu.privilege.update_ferr();
    return {};
}

// FIP, FCS and FOP: of every instruction that isn't a control instruction (SDM 1 8.1.8), FNOP,
// FFREE, FINCSTP and FDECSTP among them on the host. FOP always, as the P6 does; later Intel
// processors keep it only for unmasked exceptions, and newer ones no FCS and FDS.
inline void note_instruction(CpuState& state, const Operation& operation) {
    const SegmentRegister& code = state.segment(SegmentName::kCs);
    const u32 start = state.eip() - operation.length;
    state.fpu.instruction_pointer = code.big() ? start : start & 0xffff;
    state.fpu.instruction_selector = code.selector;
    state.fpu.opcode = static_cast<u16>((operation.opcode & 7) << 8 | operation.modrm);
}
// FDP and FDS: of the last one with a memory operand.
inline void note_operand(CpuState& state, const Operation& operation) {
    state.fpu.data_pointer = effective_address(state, operation);
    state.fpu.data_selector = state.segment(operation.segment).selector;
}

// --- the two ways ---

// The short way: false where its result may not stand (run_whole then), with nothing changed.
template <HostOperation kOperation>
bool run_short(const FpuState& fpu, const HostOperands& operands, u16& status,
               u16 also_refused = 0) {
    // Tiny but exact is an underflow only where underflow is unmasked; the others are raised, or
    // not, alike.
    if (!(fpu.control & kX87Underflow)) [[unlikely]]
        return false;
    const u16 known = (fpu.status & fpu.control & kX87Exceptions) | (fpu.status & kX87StackFault);
    const u32 refused = ((kX87Exceptions | kX87StackFault) & ~u32{known}) | also_refused;
    status = host_execute<kOperation>(operands, fpu.control | kX87Exceptions, refused);
    return !(status & refused);
}

// The long way, in two steps, because a store to memory may still fault between them.
HostImage run_on_image(const FpuState& fpu, const Operation& operation, void* memory, u8& flags);
void commit_image(Cpu& cpu, const Operation& operation, const HostImage& image);

// Both steps, for instructions that don't store to memory. `flags` as host_instruction has them.
void run_whole(Cpu& cpu, const Operation& operation, void* memory, u8& flags);
inline void run_whole(Cpu& cpu, const Operation& operation, void* memory = nullptr) {
    u8 flags = 0;
    run_whole(cpu, operation, memory, flags);
}

// --- the families' binders; nullptr where the instruction isn't theirs ---
Handler bind_x87_arithmetic(const decoder::Instruction& instruction);
Handler bind_x87_compare(const decoder::Instruction& instruction);
Handler bind_x87_transcendental(const decoder::Instruction& instruction);
Handler bind_x87_load_store(const decoder::Instruction& instruction);
Handler bind_x87_move(const decoder::Instruction& instruction);
Handler bind_x87_control(const decoder::Instruction& instruction);
Handler bind_x87_environment(const decoder::Instruction& instruction);

}  // namespace seventeen::interpreter
