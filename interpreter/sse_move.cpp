// Moves between MMX and XMM registers, general registers and memory; masked and streaming stores.
//
// Streaming (non-temporal) hints mean nothing to the guest's eye: those are plain moves.
#include "interpreter/packed_integer.h"
#include "interpreter/sse_packed.h"

namespace seventeen::interpreter {

namespace {

using decoder::Instruction;

// --- loads and register moves, as packed operations ---

struct Whole {
    template <typename Register>
    static constexpr Register apply(const Register&, const Register& b) {
        return b;
    }
};
// The lowest lane of the source, the others of the destination.
template <typename Lane>
struct LowLane {
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b) {
        auto lanes = split<Lane>(a);
        lanes[0] = split<Lane>(b)[0];
        return join<XmmRegister>(lanes);
    }
};
struct LowToHigh {  // MOVHPS, MOVLHPS
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b) {
        return {{a.lanes[0], b.lanes[0]}};
    }
};
struct HighToLow {  // MOVHLPS
    static constexpr XmmRegister apply(const XmmRegister& a, const XmmRegister& b) {
        return {{b.lanes[1], a.lanes[1]}};
    }
};
struct LowZeroed {  // MOVQ xmm, xmm
    static constexpr XmmRegister apply(const XmmRegister&, const XmmRegister& b) {
        return {{b.lanes[0], 0}};
    }
};

// --- stores ---

struct ToAlignedMemory {
    static Fault store(Cpu& cpu, const Operation& operation, const XmmRegister& value) {
        return store_aligned(cpu, operation, value);
    }
};
// Lane `index`, at any address.
template <typename Lane, unsigned index = 0>
struct ToMemory {
    template <typename Register>
    static Fault store(Cpu& cpu, const Operation& operation, const Register& value) {
        return store_operand(cpu, operation, split<Lane>(value)[index]);
    }
};

template <typename Register, typename Destination>
Fault run_store(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    const Register value = get_register<Register>(cpu.state, operation.operand[1]);
    if (Fault fault = Destination::store(cpu, operation, value)) return fault;
    if constexpr (kIsMmx<Register>) enter_mmx(cpu.state);
    return {};
}

// --- general registers ---

// MOVD: 32 bits, zero-extended.
template <typename Register, bool kInMemory>
Fault run_from_general(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    u32 value;
    if (Fault fault = load_general(cpu, operation, kInMemory, value)) return fault;
    Lanes<u32, Register> lanes{};
    lanes[0] = value;
    set_register(cpu.state, operation.operand[0], join<Register>(lanes));
    return {};
}
template <typename Register>
Fault run_to_general(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    const Register value = get_register<Register>(cpu.state, operation.operand[1]);
    cpu.set_reg<u32>(operation.operand[0], split<u32>(value)[0]);
    if constexpr (kIsMmx<Register>) enter_mmx(cpu.state);
    return {};
}

// --- between the two files ---

Fault run_mmx_to_xmm(Cpu& cpu, const Operation& operation) {  // MOVQ2DQ
    if (Fault fault = begin_sse_with_mmx(cpu)) return fault;
    const u64 value = get_register<u64>(cpu.state, operation.operand[1]);
    enter_mmx(cpu.state);
    set_register(cpu.state, operation.operand[0], XmmRegister{{value, 0}});
    return {};
}
Fault run_xmm_to_mmx(Cpu& cpu, const Operation& operation) {  // MOVDQ2Q
    if (Fault fault = begin_sse_with_mmx(cpu)) return fault;
    const auto value = get_register<XmmRegister>(cpu.state, operation.operand[1]);
    set_register(cpu.state, operation.operand[0], value.lanes[0]);
    return {};
}

// Hands the registers back to the x87 unit (SDM 3A table 12-2).
Fault run_emms(Cpu& cpu, const Operation&) {
    if (Fault fault = begin_mmx(cpu)) return fault;
    cpu.state.fpu.valid = 0;
    cpu.state.fpu.set_top(0);
    return {};
}

// --- MASKMOVQ, MASKMOVDQU ---

// Writes the bytes whose mask has its sign set to DS:[EDI]. Whether the rest is checked too is
// left to implementations (SDM 2B); the host checks the whole operand for writing, also where the
// mask is zero, and so do we; its alignment check, where in force, wants quadwords.
template <typename Register>
Fault run_masked_store(Cpu& cpu, const Operation& operation) {
    if (Fault fault = begin<Register>(cpu)) return fault;
    if constexpr (kIsMmx<Register>) enter_mmx(cpu.state);
    const CpuState& state = cpu.state;
    const u32 offset = state.reg32(Gpr::kDi) & operation.address_mask;
    const SegmentRegister& segment = state.segment(operation.segment);
    if (!segment.may_write(offset, sizeof(Register)))
        return privilege::SegmentedMemory::violation(operation.segment);
    const LinearAddress address = privilege::SegmentedMemory::linear(segment, offset);
    if (Fault fault = cpu.memory.check_alignment(address, sizeof(u64))) return fault;
    const mmu::Privilege privilege = cpu.memory.privilege();
    if (Fault fault = cpu.mmu.probe(address, privilege, mmu::Access::kWrite, sizeof(Register)))
        return fault;
    const auto bytes = split<u8>(get_register<Register>(state, operation.operand[0]));
    const auto mask = split<s8>(get_register<Register>(state, operation.operand[1]));
    for (u32 i = 0; i < bytes.size(); ++i) {
        if (mask[i] >= 0) continue;
        if (Fault fault = cpu.memory.write(operation.segment, offset + i, bytes[i])) return fault;
    }
    return {};
}

// --- binding ---

template <typename Destination>
Handler store_xmm() {
    return &run_store<XmmRegister, Destination>;
}

// Between an XMM register and all of it, or a lane, in memory or in another XMM register.
template <typename Op, typename Memory, typename Destination>
Handler move_xmm(const Instruction& instruction) {
    return is_memory(instruction.operands[0]) ? store_xmm<Destination>()
                                              : packed_xmm<Op, Memory>(instruction);
}
Handler move_aligned(const Instruction& instruction) {
    return move_xmm<Whole, FromAlignedMemory, ToAlignedMemory>(instruction);
}
Handler move_unaligned(const Instruction& instruction) {
    return move_xmm<Whole, FromMemory<XmmRegister>, ToMemory<XmmRegister>>(instruction);
}

// MOVSS, MOVSD: a register's other lanes stay, a load clears them.
template <typename Lane>
Handler move_scalar(const Instruction& instruction) {
    if (is_memory(instruction.operands[0])) return store_xmm<ToMemory<Lane>>();
    return is_memory(instruction.operands[1])
               ? &run_packed<Whole, XmmRegister, FromMemory<XmmRegister, Lane>>
               : &run_packed<LowLane<Lane>, XmmRegister, FromRegister<XmmRegister>>;
}

template <typename Register>
Handler move_general(const Instruction& instruction, bool to_register) {
    if (!to_register) {
        return is_memory(instruction.operands[0]) ? &run_store<Register, ToMemory<u32>>
                                                  : &run_to_general<Register>;
    }
    return is_memory(instruction.operands[1]) ? &run_from_general<Register, true>
                                              : &run_from_general<Register, false>;
}
Handler move_doubleword(const Instruction& instruction) {
    const decoder::Operand& first = instruction.operands[0];
    if (is_mmx(first) || is_mmx(instruction.operands[1]))
        return move_general<u64>(instruction, is_mmx(first));
    return move_general<XmmRegister>(instruction, is_xmm(first));
}

Handler move_quadword(const Instruction& instruction) {
    if (is_mmx(instruction.operands[1])) {
        return is_memory(instruction.operands[0]) ? &run_store<u64, ToMemory<u64>>
                                                  : packed_mmx<Whole>(instruction);
    }
    if (is_mmx(instruction.operands[0])) return packed_mmx<Whole>(instruction);
    return move_xmm<LowZeroed, FromMemory<XmmRegister, u64>, ToMemory<u64>>(instruction);
}

}  // namespace

Handler bind_sse_move(const Instruction& instruction) {
    using enum decoder::Mnemonic;
    using FromLow = FromMemory<XmmRegister, u64>;
    switch (instruction.mnemonic) {
        case MOVAPS:
        case MOVAPD:
        case MOVDQA:
        case MOVNTPS:
        case MOVNTPD:
        case MOVNTDQ:
        case MOVNTDQA: return move_aligned(instruction);
        case MOVUPS:
        case MOVUPD:
        case MOVDQU:
        case LDDQU: return move_unaligned(instruction);
        case MOVSS: return move_scalar<u32>(instruction);
        case MOVSD_SSE: return move_scalar<u64>(instruction);
        case MOVD: return move_doubleword(instruction);
        case MOVQ:
        case MOVNTQ: return move_quadword(instruction);
        case MOVLPS:
        case MOVLPD: return move_xmm<LowLane<u64>, FromLow, ToMemory<u64>>(instruction);
        case MOVHPS:
        case MOVHPD: return move_xmm<LowToHigh, FromLow, ToMemory<u64, 1>>(instruction);
        case MOVLHPS: return packed_xmm<LowToHigh>(instruction);
        case MOVHLPS: return packed_xmm<HighToLow>(instruction);
        case MOVQ2DQ: return &run_mmx_to_xmm;
        case MOVDQ2Q: return &run_xmm_to_mmx;
        case EMMS: return &run_emms;
        case MASKMOVQ: return &run_masked_store<u64>;
        case MASKMOVDQU: return &run_masked_store<XmmRegister>;
        default: return nullptr;
    }
}

}  // namespace seventeen::interpreter
